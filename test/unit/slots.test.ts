import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { makeSlots } from "../../src/deploy/slots.ts"

describe("the slots of an isolate", () => {
  it.effect("let two build, and the third when one of them is done", () =>
    Effect.gen(function* () {
      const inSlot = makeSlots()
      const first = yield* Effect.forkChild(inSlot(Effect.sleep("1 second")))
      yield* Effect.forkChild(inSlot(Effect.never))
      const third = yield* Effect.forkChild(inSlot(Effect.succeed("built")))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(first)
      assert.strictEqual(yield* Fiber.join(third), "built")
    })
  )

  it.effect("send away who finds none for three seconds", () =>
    Effect.gen(function* () {
      const inSlot = makeSlots()
      yield* Effect.forkChild(inSlot(Effect.never))
      yield* Effect.forkChild(inSlot(Effect.never))
      const third = yield* Effect.forkChild(Effect.flip(inSlot(Effect.void)))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* Fiber.join(third))._tag, "Busy")
    })
  )

  it.effect("come back from builds that ended without a word", () =>
    Effect.gen(function* () {
      const inSlot = makeSlots()
      yield* Effect.forkChild(inSlot(Effect.never))
      yield* Effect.forkChild(inSlot(Effect.never))
      yield* TestClock.adjust("41 seconds")
      assert.strictEqual(yield* inSlot(Effect.succeed("built")), "built")
    })
  )
})
