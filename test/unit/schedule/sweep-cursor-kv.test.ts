import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "@effect/vitest"
import { layerSweepCursorKv } from "../../../src/schedule/sweep-cursor-kv.ts"
import { SweepCursor } from "../../../src/schedule/SweepCursor.ts"
import { run as runOnTestClock } from "../control-plane/jack/client.ts"

/** KV that takes one write a second to a key, as the platform's does. */
const makeKv = (clock: Clock.Clock) => {
  let value: string | null = null
  let last = -Infinity
  return {
    get: async () => value,
    put: async (_key: string, next: string) => {
      const now = clock.currentTimeMillisUnsafe()
      if (now - last < 1_000) throw new Error("KV PUT failed: 429 Too Many Requests")
      last = now
      value = next
    }
  } as unknown as KVNamespace
}

describe("the sweep's place in KV", () => {
  it.effect("is the last one, also after saves that follow each other closely", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const since = yield* Clock.currentTimeMillis
      const program = Effect.gen(function* () {
        const cursor = yield* SweepCursor
        for (const place of ["1 a", "2 b", "3 c"]) yield* cursor.save(place)
        return yield* cursor.read
      })
      const place = yield* runOnTestClock(Effect.provide(program, layerSweepCursorKv(makeKv(clock))))
      assert.strictEqual(place, "3 c")
      assert.isAtMost((yield* Clock.currentTimeMillis) - since, 5_000)
    })
  )
})
