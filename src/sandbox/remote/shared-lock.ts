import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Leases } from "../../bundler/leases.ts"

/** How often a waiting call tries to get the lock, in milliseconds. */
const POLL_MS = 50

/** The longest time that a call can hold the lock, in milliseconds, plus a margin: an exclusive call may call twice. */
const LEASE_MS = { shared: 40_000, exclusive: 80_000 } as const

/**
 * A lock for the runner: many calls share it, or one has it alone. A crash with several calls in the runner says nothing
 * about any of them; a crash with one call does. Each call polls on its own timer, because the platform forbids waiting for a
 * promise of another request.
 */
export const makeSharedLock = () => {
  const leases = new Leases<"shared" | "exclusive">()

  const tryAcquire = (call: symbol, exclusive: boolean, now: number): boolean => {
    const others = leases.active(now).filter(([holder]) => holder !== call)
    if (others.some(([, kind]) => kind === "exclusive")) return false
    if (!exclusive) {
      leases.grant(call, "shared", now + LEASE_MS.shared)
      return true
    }
    // Reserved before the other calls end, so that no new one begins meanwhile. The lease counts from the first reservation
    // while the call waits, and anew from when it is alone.
    if (others.length === 0 || leases.get(call) === undefined) leases.grant(call, "exclusive", now + LEASE_MS.exclusive)
    return others.length === 0
  }

  /** Succeeds with whether the call got the lock within `timeoutMs`. */
  const acquire = Effect.fnUntraced(function* (call: symbol, exclusive: boolean, timeoutMs: number) {
    const until = (yield* Clock.currentTimeMillis) + timeoutMs
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      if (tryAcquire(call, exclusive, now)) return true
      if (now >= until) return false
      yield* Effect.sleep(POLL_MS)
    }
  })

  /** Runs `work` with the lock, or `onTimeout` when getting the lock takes longer than `timeoutMs`. */
  return <A, E, R, E2>(
    options: { readonly exclusive: boolean; readonly timeoutMs: number },
    work: Effect.Effect<A, E, R>,
    onTimeout: Effect.Effect<never, E2>
  ): Effect.Effect<A, E | E2, R> =>
    Effect.suspend(() => {
      const call = Symbol("call")
      return acquire(call, options.exclusive, options.timeoutMs).pipe(
        Effect.flatMap((acquired): Effect.Effect<A, E | E2, R> => (acquired ? work : onTimeout)),
        Effect.ensuring(Effect.sync(() => leases.release(call)))
      )
    })
}
