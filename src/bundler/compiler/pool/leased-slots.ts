import { Leases } from "../../leases.ts"

/** Too many builds are in flight. The same build may succeed a second later. */
export class BundlerBusyError extends Error {
  override readonly name = "BundlerBusyError"
}

/** Limits the builds in flight in an isolate. */
export class LeasedSlots {
  readonly #limit: number
  readonly #builds = new Leases<"build">()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * @param timeMs how long the work may take at most.
   * @throws {BundlerBusyError} at once, instead of waiting: a promise of one request cannot be awaited in another.
   */
  async run<A>(timeMs: number, work: () => Promise<A>): Promise<A> {
    const now = Date.now()
    if (this.#builds.active(now).length >= this.#limit)
      throw new BundlerBusyError("Too many builds are in flight; try again in a moment")
    const holder = Symbol("build")
    this.#builds.grant(holder, "build", now + timeMs)
    try {
      return await work()
    } finally {
      this.#builds.release(holder)
    }
  }
}
