import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Busy } from "../domain/Errors.ts"

/** Builds in flight in one isolate: each takes up to 100 MB beside the other, of the 128 MB that an isolate is meant to have. */
const maxBuilds = 2

/** The longest that a build with its start check can take, in milliseconds, and then some. */
const longestMillis = 40_000

/** How often and how long a free slot is looked for: the signed payment has 25 seconds to live. */
const lookEvery = 100
const looks = 30

/**
 * Bounds the builds of one isolate. Whoever finds no slot looks again for some seconds, on a timer of its own (a promise of
 * another request must not be waited for: the platform forbids it), and is then told that the service is busy.
 */
export const makeSlots = () => {
  // When each build began. An object that is reset in the middle of one runs no finalizers: its entry runs out instead.
  const building = new Map<symbol, number>()

  const take = Effect.fnUntraced(function* (slot: symbol) {
    for (let look = 0; look < looks; look++) {
      const now = yield* Clock.currentTimeMillis
      for (const [other, since] of building) if (now - since > longestMillis) building.delete(other)
      if (building.size < maxBuilds) return void building.set(slot, now)
      yield* Effect.sleep(lookEvery)
    }
    return yield* new Busy({ detail: "Too many builds in flight. Nothing was charged; try again.", retry_after: 2 })
  })

  return <A, E, R>(build: Effect.Effect<A, E, R>): Effect.Effect<A, E | Busy, R> =>
    Effect.suspend(() => {
      const slot = Symbol("build")
      return Effect.ensuring(
        Effect.andThen(take(slot), build),
        Effect.sync(() => building.delete(slot))
      )
    })
}
