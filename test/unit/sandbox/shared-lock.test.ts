import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { it } from "@effect/vitest"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe } from "vitest"
import { makeSharedLock } from "../../../src/sandbox/remote/shared-lock.ts"

describe("the shared lock", () => {
  it.effect("keeps an exclusive call alone for as long as it takes, however long it waited", () =>
    Effect.gen(function* () {
      const withLock = makeSharedLock()
      const late = Effect.fail("late" as const)
      const takes = (seconds: number) => Effect.sleep(`${seconds} seconds`)
      yield* Effect.forkChild(withLock({ exclusive: false, timeoutMs: 5_000 }, takes(14), late))
      yield* TestClock.adjust("100 millis")
      const alone = yield* Effect.forkChild(withLock({ exclusive: true, timeoutMs: 15_000 }, takes(72), late))
      yield* TestClock.adjust("78 seconds")
      const other = yield* Effect.forkChild(
        Effect.flip(withLock({ exclusive: false, timeoutMs: 5_000 }, Effect.void, late))
      )
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* Fiber.join(other), "late")
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(alone)
    })
  )
})
