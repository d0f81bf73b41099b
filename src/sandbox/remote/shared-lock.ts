import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

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
  // When each call began. A request that the platform ends runs no finalizers: its entry expires instead.
  const calls = new Map<symbol, number>()
  let exclusiveCall: { readonly call: symbol; readonly since: number } | undefined

  const dropExpired = (now: number) => {
    for (const [call, since] of calls) if (now - since > LEASE_MS.shared) calls.delete(call)
    if (exclusiveCall !== undefined && now - exclusiveCall.since > LEASE_MS.exclusive) exclusiveCall = undefined
  }

  const tryAcquire = (call: symbol, exclusive: boolean, now: number): boolean => {
    dropExpired(now)
    if (exclusiveCall !== undefined && exclusiveCall.call !== call) return false
    if (!exclusive) {
      calls.set(call, now)
      return true
    }
    // Reserved before the other calls end, so that no new one begins meanwhile.
    exclusiveCall ??= { call, since: now }
    if (calls.size > 0) return false
    // The lease counts from here, without the waiting.
    exclusiveCall = { call, since: now }
    return true
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
        Effect.ensuring(
          Effect.sync(() => {
            calls.delete(call)
            if (exclusiveCall?.call === call) exclusiveCall = undefined
          })
        )
      )
    })
}
