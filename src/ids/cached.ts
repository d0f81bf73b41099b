import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** A request checks this often whether another request has loaded the value, in milliseconds, and at most so many times. */
const POLL_EVERY_MS = 100
const MAX_POLLS = 120

/** The longest load, in milliseconds. A request that ends during a load runs no finalizers. */
const MAX_LOAD_MS = 12_000

/**
 * Caches a value in the isolate for `keepMillis`. One request loads it. The others poll for it with timers of their own,
 * because the platform forbids waiting for a promise of another request. A request that polls without success gets `orElse`.
 */
export const cached = <A, E>(options: {
  readonly load: Effect.Effect<A, E>
  readonly keepMillis: number
  readonly orElse: Effect.Effect<A, E>
}): Effect.Effect<A, E> => {
  let kept: { readonly value: A; readonly until: number } | undefined
  let loadingSince = -Infinity
  return Effect.gen(function* () {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      const now = yield* Clock.currentTimeMillis
      if (kept !== undefined && now < kept.until) return kept.value
      if (now - loadingSince > MAX_LOAD_MS) {
        loadingSince = now
        const value = yield* Effect.ensuring(
          options.load,
          Effect.sync(() => void (loadingSince = -Infinity))
        )
        kept = { value, until: (yield* Clock.currentTimeMillis) + options.keepMillis }
        return value
      }
      yield* Effect.sleep(POLL_EVERY_MS)
    }
    return yield* options.orElse
  })
}
