import { Leases } from "../../leases.ts"

/** Too many builds are in flight. The same build may succeed a second later. */
export class BundlerBusyError extends Error {
  override readonly name = "BundlerBusyError"
}

/** A build that waits for a slot asks this often, in milliseconds. */
const POLL_MS = 10

/** A slot that rests is free again after this time, in milliseconds, if the platform has ended the request that would free it. */
const REST_LEASE_MS = 1_000

const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/** Limits the builds in flight in an isolate. */
export class LeasedSlots {
  readonly #limit: number
  readonly #waitMs: number
  readonly #restMs: number
  readonly #builds = new Leases<"build">()

  /**
   * @param waitMs how long a build waits for a slot at most, in milliseconds.
   * @param restMs how long a slot stays taken after its build, in milliseconds.
   */
  constructor(limit: number, waitMs = 0, restMs = 0) {
    this.#limit = limit
    this.#waitMs = waitMs
    this.#restMs = restMs
  }

  /**
   * Waits on a timer of its own, because a promise of one request cannot be awaited in another.
   *
   * @param timeMs how long the work may take at most.
   * @param waitUntil when given, the request lives until its slot is free.
   * @throws {BundlerBusyError} if no slot is free in time.
   */
  async run<A>(timeMs: number, work: () => Promise<A>, waitUntil?: (rest: Promise<void>) => void): Promise<A> {
    const until = Date.now() + this.#waitMs
    let now = Date.now()
    for (; this.#builds.active(now).length >= this.#limit; now = Date.now()) {
      if (now >= until) throw new BundlerBusyError("Too many builds are in flight; try again in a moment")
      await pause(POLL_MS)
    }
    const holder = Symbol("build")
    this.#builds.grant(holder, "build", now + timeMs)
    try {
      return await work()
    } finally {
      const rest = this.#rest(holder)
      waitUntil?.(rest)
    }
  }

  async #rest(holder: symbol): Promise<void> {
    if (this.#restMs === 0) return this.#builds.release(holder)
    this.#builds.grant(holder, "build", Date.now() + REST_LEASE_MS)
    await pause(this.#restMs)
    this.#builds.release(holder)
  }
}
