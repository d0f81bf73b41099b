import { Leases } from "../../leases.ts"

/** Too many builds are in flight. The same build may succeed a second later. */
export class BundlerBusyError extends Error {
  override readonly name = "BundlerBusyError"
}

/** A build that waits for a slot asks this often, in milliseconds. */
const POLL_MS = 10

/** Limits the builds in flight in an isolate. */
export class LeasedSlots {
  readonly #limit: number
  readonly #waitMs: number
  readonly #builds = new Leases<"build">()

  /** @param waitMs how long a build waits for a slot at most, in milliseconds. */
  constructor(limit: number, waitMs = 0) {
    this.#limit = limit
    this.#waitMs = waitMs
  }

  /**
   * Waits on a timer of its own, because a promise of one request cannot be awaited in another.
   *
   * @param timeMs how long the work may take at most.
   * @throws {BundlerBusyError} if no slot is free in time.
   */
  async run<A>(timeMs: number, work: () => Promise<A>): Promise<A> {
    const until = Date.now() + this.#waitMs
    let now = Date.now()
    for (; this.#builds.active(now).length >= this.#limit; now = Date.now()) {
      if (now >= until) throw new BundlerBusyError("Too many builds are in flight; try again in a moment")
      await new Promise<void>((resolve) => setTimeout(resolve, POLL_MS))
    }
    const holder = Symbol("build")
    this.#builds.grant(holder, "build", now + timeMs)
    try {
      return await work()
    } finally {
      this.#builds.release(holder)
    }
  }
}
