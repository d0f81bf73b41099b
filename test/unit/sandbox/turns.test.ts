import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { it } from "@effect/vitest"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe } from "vitest"
import { makeTurns } from "../../../src/sandbox/remote/turns.ts"

describe("turns", () => {
  it.effect("keeps a call alone for as long as it takes, however long it has waited for that", () =>
    Effect.gen(function* () {
      const inTurn = makeTurns()
      const late = Effect.fail("late" as const)
      const takes = (seconds: number) => Effect.sleep(`${seconds} seconds`)
      yield* Effect.forkChild(inTurn({ alone: false, patience: 5_000 }, takes(14), late))
      yield* TestClock.adjust("100 millis")
      const alone = yield* Effect.forkChild(inTurn({ alone: true, patience: 15_000 }, takes(72), late))
      yield* TestClock.adjust("78 seconds")
      const other = yield* Effect.forkChild(Effect.flip(inTurn({ alone: false, patience: 5_000 }, Effect.void, late)))
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* Fiber.join(other), "late")
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(alone)
    })
  )
})
