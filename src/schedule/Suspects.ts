import * as Hash from "effect/Hash"

/** A project that may be an orphan. */
export interface Suspect {
  readonly deploymentId: string
  readonly projectId: string
  /** Its place in the order in which sweeps go through the suspects. */
  readonly place: string
}

/**
 * The place of a project, whatever the order of the host's list. It begins with a hash, so that new projects come in anywhere and not
 * all behind the cursor, which would never get around then.
 */
const placeOf = (projectId: string): string =>
  `${(Hash.string(projectId) >>> 0).toString(16).padStart(8, "0")} ${projectId}`

/**
 * Chooses the suspects of one run out of any number, in bounded memory: the first ones behind the place where the last run stopped, and
 * from the beginning again after the last one. So every suspect has its turn: each run moves on, and who comes in between waits for
 * one round.
 */
export class Suspects {
  readonly #after: string
  readonly #max: number
  /** The chosen ones by their rank, the next one first. */
  readonly #chosen: Array<Suspect & { readonly rank: string }> = []
  #count = 0

  /** @param after the place where the last run stopped; empty for none. */
  constructor(after: string, max: number) {
    this.#after = after
    this.#max = max
  }

  /** How many there were. A project that the list has twice may count twice. */
  get count(): number {
    return this.#count
  }

  /** The suspects of this run, in their order. */
  get chosen(): ReadonlyArray<Suspect> {
    return this.#chosen
  }

  add(deploymentId: string, projectId: string): void {
    this.#count++
    const place = placeOf(projectId)
    const rank = `${place > this.#after ? 0 : 1}${place}`
    const at = this.#chosen.findLastIndex((one) => one.rank <= rank) + 1
    if (at >= this.#max || this.#chosen[at - 1]?.rank === rank) return
    this.#chosen.splice(at, 0, { deploymentId, projectId, place, rank })
    if (this.#chosen.length > this.#max) this.#chosen.pop()
  }
}
