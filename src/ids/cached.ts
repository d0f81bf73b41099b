import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** How often a request looks whether another one has loaded the value, in milliseconds, and how often in all. */
const LOOK_EVERY = 100
const LOOKS = 120

/** How long a load can take, in milliseconds. A request that ended in the middle of one runs no finalizers. */
const LONGEST_LOAD = 12_000

/**
 * A value that an isolate loads once and keeps for `keepMillis`. One request loads it. The others look for it on timers of
 * their own, because the platform forbids to wait for a promise of another request. `orElse` answers whoever waits in vain.
 */
export const cached = <A, E>(options: {
  readonly load: Effect.Effect<A, E>
  readonly keepMillis: number
  readonly orElse: Effect.Effect<A, E>
}): Effect.Effect<A, E> => {
  let kept: { readonly value: A; readonly until: number } | undefined
  let loadingSince = -Infinity
  return Effect.gen(function* () {
    for (let look = 0; look < LOOKS; look++) {
      const now = yield* Clock.currentTimeMillis
      if (kept !== undefined && now < kept.until) return kept.value
      if (now - loadingSince > LONGEST_LOAD) {
        loadingSince = now
        const value = yield* Effect.ensuring(
          options.load,
          Effect.sync(() => void (loadingSince = -Infinity))
        )
        kept = { value, until: (yield* Clock.currentTimeMillis) + options.keepMillis }
        return value
      }
      yield* Effect.sleep(LOOK_EVERY)
    }
    return yield* options.orElse
  })
}
