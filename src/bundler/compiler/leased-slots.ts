/** Too many builds are in flight. The same build may succeed a second later. */
export class BundlerBusyError extends Error {
  override readonly name = "BundlerBusyError"
}

/**
 * Limits the builds in flight in an isolate. A request that the platform ends runs no `finally`, so each slot is a lease that
 * expires: a counter would never go down again.
 */
export class LeasedSlots {
  readonly #limit: number
  readonly #ends = new Map<symbol, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * @param timeMs how long the work may take at most.
   * @throws {BundlerBusyError} at once, instead of waiting: a promise of one request cannot be awaited in another.
   */
  async run<A>(timeMs: number, work: () => Promise<A>): Promise<A> {
    const now = Date.now()
    for (const [lease, end] of this.#ends) if (end <= now) this.#ends.delete(lease)
    if (this.#ends.size >= this.#limit)
      throw new BundlerBusyError("Too many builds are in flight; try again in a moment")
    const lease = Symbol("build")
    this.#ends.set(lease, now + timeMs)
    try {
      return await work()
    } finally {
      this.#ends.delete(lease)
    }
  }
}
