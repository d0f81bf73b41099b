/** Doubles the pause with each try, from `firstMs` up to `maxMs`. */
const doubling = (firstMs: number, maxMs: number) => (attempts: number) => Math.min(firstMs * 2 ** attempts, maxMs)

/**
 * The pauses before the next try, in milliseconds, by the number of tries so far.
 */
export const backoff = {
  /** Before the chain is asked again about a payment: 5 s to 5 min. */
  capture: doubling(5_000, 300_000),
  /** Before the host, or the runner, is asked again for what was paid: 2 s to 15 min. */
  delivery: doubling(2_000, 900_000),
  /**
   * Before a project is deleted again: at most 8 s for the first hour, so that everything is gone within seconds after an
   * outage of the host; a minute from then on.
   */
  delete: (attempts: number) => (attempts < 450 ? Math.min(1_000 * 2 ** attempts, 8_000) : 60_000),
  /**
   * Before a host that hangs is asked again to delete: 30 s to 15 min. Each try holds the object's alarm open until the order
   * gives it up, and the platform counts that time: Jack takes the objects away after 8 hours of it in a day.
   */
  hang: doubling(30_000, 900_000)
} as const
