/** Too much is going on at this moment: the same build may succeed in a second. */
export class BundlerBusy extends Error {
  override readonly name = "BundlerBusy"
}

/**
 * How many builds an isolate has in flight. A request that the platform ends runs no `finally`, so that its lease is only
 * let go of by its time: counters would stay up for ever.
 */
export class Leases {
  readonly #limit: number
  readonly #ends = new Map<symbol, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * @param timeMs how long the work may take at most.
   * @throws {BundlerBusy} at once, instead of waiting: a promise of one request cannot be awaited in another.
   */
  async hold<A>(timeMs: number, work: () => Promise<A>): Promise<A> {
    const now = Date.now()
    for (const [lease, end] of this.#ends) if (end <= now) this.#ends.delete(lease)
    if (this.#ends.size >= this.#limit) throw new BundlerBusy("Too many builds are in flight; try again in a moment")
    const lease = Symbol("build")
    this.#ends.set(lease, now + timeMs)
    try {
      return await work()
    } finally {
      this.#ends.delete(lease)
    }
  }
}
