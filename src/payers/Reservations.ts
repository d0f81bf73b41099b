/**
 * A purchase that is being made keeps its place among the payer's deployments for this long, in milliseconds: longer than it takes
 * to authorize, build and start. A crash gives the place back then.
 */
export const RESERVATION_MS = 60_000

/** A place, and the time at which it is given back, in unix milliseconds. */
export type Reservation = readonly [id: string, until: number]

/**
 * The places of purchases that are being made, by the ids of the deployments to come. They are in memory and synchronous; the owner
 * saves `all`.
 */
export class Reservations {
  #until = new Map<string, number>()

  /** Adds the stored ones to those that were made since. */
  restore(stored: ReadonlyArray<Reservation>): void {
    this.#until = new Map([...stored, ...this.#until])
  }

  /** Takes a place. */
  add(id: string, now: number): void {
    this.#until.set(id, now + RESERVATION_MS)
  }

  /** Gives a place back, and returns whether there was one. */
  delete(id: string): boolean {
    return this.#until.delete(id)
  }

  /** The places that are taken. `now` in unix milliseconds. */
  all(now: number): ReadonlyArray<Reservation> {
    for (const [id, until] of this.#until) if (until <= now) this.#until.delete(id)
    return [...this.#until]
  }
}
