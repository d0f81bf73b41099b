import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { BUILDS, makeSlots, STARTS, type Worker } from "../../../src/orders/build/slots.ts"

const honest = (payer: string): Worker => ({ payer, failures: 0 })
const failing = (payer: string): Worker => ({ payer, failures: 7 })

/** Two slots, of which one is reserved. */
const TWO = { ...BUILDS, atOnce: 2, reserved: 1 }

/** Makes slots, and records the order in which builds of one second each begin. */
const makeBuilds = (limits = TWO) => {
  const inSlot = makeSlots(limits)
  const began: Array<string> = []
  return {
    began,
    inSlot,
    /** Begins a build after the others. `name` is its name in the list. */
    queue: (builder: Worker, name = builder.payer) =>
      inSlot(
        builder,
        Effect.andThen(
          Effect.sync(() => void began.push(name)),
          Effect.sleep("1 second")
        )
      ).pipe(
        Effect.exit,
        Effect.forkChild,
        Effect.tap(() => TestClock.adjust("1 millis"))
      )
  }
}

describe("the slots of an isolate", () => {
  it.effect("let two payers build, and a third when one of them is done", () =>
    Effect.gen(function* () {
      const { inSlot } = makeBuilds()
      const first = yield* Effect.forkChild(inSlot(honest("a"), Effect.sleep("1 second")))
      yield* Effect.forkChild(inSlot(honest("b"), Effect.never))
      const third = yield* Effect.forkChild(inSlot(honest("c"), Effect.succeed("built")))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(first)
      assert.strictEqual(yield* Fiber.join(third), "built")
    })
  )

  it.effect("refuse a payer who gets none within four seconds", () =>
    Effect.gen(function* () {
      const { inSlot } = makeBuilds()
      yield* Effect.forkChild(inSlot(honest("a"), Effect.never))
      yield* Effect.forkChild(inSlot(honest("b"), Effect.never))
      const third = yield* Effect.forkChild(Effect.flip(inSlot(honest("c"), Effect.void)))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(third))._tag, "Busy")
    })
  )

  it.effect("refuse a payer at once while a hundred wait", () =>
    Effect.gen(function* () {
      const { inSlot, queue } = makeBuilds()
      for (let at = 0; at < 102; at++) yield* queue(honest(`payer ${at}`))
      assert.strictEqual((yield* Effect.flip(inSlot(honest("late"), Effect.void)))._tag, "Busy")
    })
  )

  it.effect("expire if a build ends without releasing them", () =>
    Effect.gen(function* () {
      const { inSlot } = makeBuilds()
      yield* Effect.forkChild(inSlot(honest("a"), Effect.never))
      yield* Effect.forkChild(inSlot(honest("b"), Effect.never))
      yield* TestClock.adjust("41 seconds")
      assert.strictEqual(yield* inSlot(honest("c"), Effect.succeed("built")), "built")
    })
  )

  it.effect("are given out first come, first served", () =>
    Effect.gen(function* () {
      const { began, queue } = makeBuilds()
      for (const payer of ["a", "b", "c", "d", "e", "f"]) yield* queue(honest(payer))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(began, ["a", "b", "c", "d", "e", "f"])
    })
  )

  it.effect("give no payer a second one while another payer waits", () =>
    Effect.gen(function* () {
      const { began, queue } = makeBuilds()
      yield* queue(honest("a"), "a1")
      yield* queue(honest("x"))
      for (const name of ["a2", "a3", "a4"]) yield* queue(honest("a"), name)
      yield* queue(honest("b"))
      yield* queue(honest("c"))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(began.slice(0, 2), ["a1", "x"])
      assert.sameMembers(began.slice(2, 4), ["a2", "b"])
      assert.isBelow(began.indexOf("c"), began.indexOf("a4"))
    })
  )

  it.effect("serve payers without failures first, and are never all taken by payers with failures", () =>
    Effect.gen(function* () {
      const { began, queue } = makeBuilds()
      for (let at = 0; at < 20; at++) yield* queue(failing(`attacker ${at}`))
      assert.deepStrictEqual(began, ["attacker 0"])
      yield* queue(honest("late"))
      yield* TestClock.adjust("20 millis")
      assert.deepStrictEqual(began, ["attacker 0", "late"])
    })
  )

  it.effect("serve payers with failures one after the other, with pauses", () =>
    Effect.gen(function* () {
      const { began, queue } = makeBuilds()
      for (let at = 0; at < 4; at++) yield* queue(failing(`attacker ${at}`))
      yield* TestClock.adjust("2400 millis")
      assert.deepStrictEqual(began, ["attacker 0"])
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(began, ["attacker 0", "attacker 1"])
    })
  )

  it.effect("of builds are eight, of which payers with failures get at most three", () =>
    Effect.gen(function* () {
      const { began, queue } = makeBuilds(BUILDS)
      for (let at = 0; at < 20; at++) yield* queue(failing(`attacker ${at}`))
      assert.strictEqual(began.length, 3)
      for (const payer of ["a", "b", "c", "d", "e"]) yield* queue(honest(payer))
      yield* TestClock.adjust("20 millis")
      assert.deepStrictEqual(began.slice(3), ["a", "b", "c", "d", "e"])
    })
  )

  it.effect("of starts are eight, of which payers with failures get at most five", () =>
    Effect.gen(function* () {
      const { began, queue } = makeBuilds(STARTS)
      for (let at = 0; at < 20; at++) yield* queue(failing(`attacker ${at}`))
      assert.strictEqual(began.length, 5)
      for (const payer of ["a", "b", "c"]) yield* queue(honest(payer))
      yield* TestClock.adjust("20 millis")
      assert.deepStrictEqual(began.slice(5), ["a", "b", "c"])
    })
  )

  it.effect("do not wait for a waiter that has stopped polling", () =>
    Effect.gen(function* () {
      const { began, inSlot, queue } = makeBuilds()
      yield* Effect.forkChild(inSlot(honest("a"), Effect.sleep("2500 millis")))
      yield* Effect.forkChild(inSlot(honest("b"), Effect.never))
      // The platform drops the timers of an object that it resets. The clock of this waiter never ticks.
      const lost = inSlot(honest("lost"), Effect.void).pipe(Effect.provide(TestClock.layer()))
      yield* Effect.forkChild(lost)
      yield* TestClock.adjust("1 millis")
      yield* queue(honest("c"))
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(began, ["c"])
    })
  )
})
