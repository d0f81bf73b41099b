/** Doubles the pause with each try, from `firstMs` up to `maxMs`. */
const doubling = (firstMs: number, maxMs: number) => (attempts: number) => Math.min(firstMs * 2 ** attempts, maxMs)

/** The pauses before the next try, in milliseconds, by the number of tries so far. */
export const backoff = {
  /** The pause before the order asks the chain again about a payment: 5 s to 5 min. */
  capture: doubling(5_000, 300_000),
  /** The pause before the order asks the host, or the runner, again for paid work: 2 s to 15 min. */
  delivery: doubling(2_000, 900_000),
  /** The pause before the order tells a payer's object again what has changed: 5 s to 15 min. A call takes at most 3 s. */
  notice: doubling(5_000, 900_000),
  /**
   * The pause before the order deletes a project again: at most 8 s for the first hour, so that every project is gone within
   * seconds after an outage of the host; a minute from then on.
   */
  delete: (attempts: number) => (attempts < 450 ? Math.min(1_000 * 2 ** attempts, 8_000) : 60_000),
  /**
   * The pause before the order asks a host that hangs again to delete: 30 s to 15 min. Each try holds the object's alarm open
   * until the order gives it up, and the platform counts that time. Jack takes the objects away after 8 hours of it in a day.
   */
  hang: doubling(30_000, 900_000)
} as const
