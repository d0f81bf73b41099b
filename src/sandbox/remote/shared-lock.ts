import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Leases } from "../../bundler/leases.ts"

/** A waiting call tries to get the lock this often, in milliseconds. */
const POLL_MS = 50

/** The longest time that a call can hold the lock, in milliseconds, plus a margin. An exclusive call may call twice. */
const LEASE_MS = { shared: 40_000, exclusive: 80_000 } as const

/**
 * A lock for the runner. Many calls share it, or one call has it alone. A crash with several calls in the runner tells nothing
 * about any of them; a crash with one call does. Each call polls on a timer of its own, because the platform forbids waiting
 * for a promise of another request.
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
    // The call reserves the lock before the other calls end, so that no new call begins meanwhile. The lease counts from the
    // first reservation while the call waits, and starts anew when it is alone.
    if (others.length === 0 || leases.get(call) === undefined) leases.grant(call, "exclusive", now + LEASE_MS.exclusive)
    return others.length === 0
  }

  /** Returns whether the call got the lock within `timeoutMs`. */
  const acquire = Effect.fnUntraced(function* (call: symbol, exclusive: boolean, timeoutMs: number) {
    const until = (yield* Clock.currentTimeMillis) + timeoutMs
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      if (tryAcquire(call, exclusive, now)) return true
      if (now >= until) return false
      yield* Effect.sleep(POLL_MS)
    }
  })

  /** Runs `work` with the lock, or `onTimeout` if the lock is not free within `timeoutMs`. */
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
