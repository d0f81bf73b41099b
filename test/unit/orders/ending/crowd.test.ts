import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe, it } from "@effect/vitest"
import { makeCrowd } from "../../../../src/orders/ending/Crowd.ts"
import type { Ended } from "../../../../src/orders/steps/expire.ts"
import { purchase } from "../../../support/purchase.ts"

const over = (n: number, more: Parameters<typeof purchase>[0] = {}) =>
  purchase({ id: `dep_${n.toString(36).padStart(40, "0")}`, state: "delivered", ...more })
const ids = Array.from({ length: 200 }, (_, n) => n)

const answered: Ended = { answered: true, hung: false }
const hung: Ended = { answered: false, hung: true }

/** A crowd in which so many orders end deployments now, and do not come to an end. */
const crowdOf = (many: number) =>
  Effect.gen(function* () {
    const crowd = makeCrowd()
    for (let n = 0; n < many; n++) yield* Effect.forkChild(crowd.watch(`dep_${n}`, Effect.never))
    yield* Effect.yieldNow
    return crowd
  })

describe("deployments that end at the same time", () => {
  it.effect("end at once if they are few, and are spread over 20 s if they are many, each by its id", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* crowdOf(7)).waitsUntil(over(0), 0))
      const crowd = yield* crowdOf(8)
      const waits = ids.map((n) => crowd.waitsUntil(over(n), 1_000)! - 1_000)
      assert.isAtLeast(Math.min(...waits), 0)
      assert.isBelow(Math.max(...waits), 20_000)
      // 200 in 20 s are ten in a second.
      const seconds = Object.values(Object.groupBy(waits, (wait) => Math.floor(wait / 1_000)))
      assert.isAtLeast(seconds.length, 18)
      assert.isAtMost(Math.max(...seconds.map((all) => all!.length)), 25)
      assert.deepStrictEqual(
        waits,
        ids.map((n) => crowd.waitsUntil(over(n), 1_000)! - 1_000)
      )
    })
  )

  it("begin one after the other, 80 ms apart, and wait for that for at most a second", () => {
    const crowd = makeCrowd()
    assert.strictEqual(crowd.takeTurn(1_000), 0)
    assert.deepStrictEqual(
      ids.slice(0, 20).map(() => crowd.takeTurn(1_010)),
      ids.slice(0, 20).map((n) => Math.min(70 + 80 * n, 1_000))
    )
    assert.strictEqual(crowd.takeTurn(9_000), 0)
    // A clock that goes back holds nobody up.
    assert.strictEqual(crowd.takeTurn(5_000), 1_000)
  })

  it.effect("wait once, and never if the payer deleted them or the operator took them down", () =>
    Effect.gen(function* () {
      const crowd = yield* crowdOf(50)
      assert.isDefined(crowd.waitsUntil(over(1), 0))
      assert.isUndefined(crowd.waitsUntil(over(1, { ending: true }), 0))
      assert.isUndefined(crowd.waitsUntil(over(1, { deletedAt: 0 }), 0))
      assert.isUndefined(crowd.waitsUntil(over(1, { deletedAt: 0, takedown: { at: 0, reason: "" } }), 0))
      assert.isUndefined(crowd.waitsUntil(over(1, { operation: "execute" }), 0))
    })
  )

  it.effect("do not wait for an order that the platform has ended", () =>
    Effect.gen(function* () {
      const crowd = yield* crowdOf(8)
      yield* TestClock.adjust("16 seconds")
      assert.isUndefined(crowd.waitsUntil(over(1), 16_000))
    })
  )
})

describe("while the host hangs", () => {
  const end = (crowd: ReturnType<typeof makeCrowd>, how: Ended, n = 0) => crowd.watch(`dep_${n}`, Effect.succeed(how))

  it.effect("one order tries, and the others wait, for at most 5 minutes and 20 s", () =>
    Effect.gen(function* () {
      const crowd = makeCrowd()
      yield* end(crowd, hung, 1)
      yield* end(crowd, hung, 2)
      assert.isUndefined(crowd.waitsUntil(over(0), 0))
      yield* end(crowd, hung, 3)
      let now = 0
      for (const pause of [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]) {
        const waits = ids.map((n) => crowd.waitsUntil(over(n, { ending: true }), now)! - now)
        assert.isAtLeast(Math.min(...waits), pause)
        assert.isBelow(Math.max(...waits), pause + 20_000)
        assert.isUndefined(crowd.waitsUntil(over(0, { deletedAt: 0 }), now))
        now += pause
        yield* TestClock.adjust(pause)
        // The first one tries.
        assert.deepStrictEqual(
          ids.slice(0, 3).map((n) => crowd.waitsUntil(over(n), now) === undefined),
          [true, false, false]
        )
        yield* end(crowd, hung)
      }
      yield* end(crowd, answered)
      assert.isUndefined(crowd.waitsUntil(over(1), now))
    })
  )

  it.effect("an order that asked nobody does not lengthen the pause", () =>
    Effect.gen(function* () {
      const crowd = makeCrowd()
      for (const n of [1, 2, 3]) yield* end(crowd, hung, n)
      yield* TestClock.adjust(30_000)
      assert.isUndefined(crowd.waitsUntil(over(0), 30_000))
      yield* end(crowd, { answered: false, hung: false })
      // The next one tries as soon as the first had to be done.
      yield* TestClock.adjust(15_000)
      assert.isUndefined(crowd.waitsUntil(over(1), 45_000))
    })
  )

  it.effect("a single deployment that it cannot delete holds no other up", () =>
    Effect.gen(function* () {
      const crowd = makeCrowd()
      for (let tries = 0; tries < 10; tries++) yield* end(crowd, hung, 1)
      assert.isUndefined(crowd.waitsUntil(over(0), 0))
    })
  )
})
