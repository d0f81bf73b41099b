import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe, it } from "vitest"
import { ControlPlaneClient, ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { ControlPlaneMemory, failsWith } from "../../../src/control-plane/testing.ts"
import { EXPIRE_MS, expire } from "../../../src/orders/steps/expire.ts"
import { PurchaseStore } from "../../../src/orders/purchase/PurchaseStore.ts"
import { timestamp } from "../../../src/domain/Order.ts"
import { type ExpiryStore } from "../../../src/expiry/ExpiryStore.ts"
import { edited, purchase, upload } from "../../support/purchase.ts"
import { layerPurchaseStoreMemory } from "../../../src/orders/purchase/testing.ts"
import type { Records } from "../../../src/records/Records.ts"
import { layerRecordsMemory } from "../../../src/records/testing.ts"
import { layerExpiryStoreMemory } from "../../../src/expiry/testing.ts"
import { layerSettings, type Settings } from "../../../src/config.ts"

const hangs = () => Effect.never
const slowly = Effect.delay("2 seconds")
const refuses = failsWith(new ControlPlaneUnavailable({ message: "down" }))

/** Runs a test on an order of `many` expired purchases, each with a project at the host. */
const withOver = (
  many: number,
  test: (parts: {
    readonly host: ControlPlaneMemory
    readonly store: PurchaseStore["Service"]
    /** Runs one wake-up, and returns the milliseconds for which it held the alarm open. */
    readonly wake: Effect.Effect<number, never, PurchaseStore | ExpiryStore | Records | Settings>
  }) => Effect.Effect<void, never, PurchaseStore | ExpiryStore | Records | Settings>
) =>
  Effect.gen(function* () {
    const host = new ControlPlaneMemory()
    const store = yield* PurchaseStore
    const now = yield* Clock.currentTimeMillis
    for (let index = 0; index < many; index++) {
      const id = `dep_${index}`
      const { id: projectId } = host.seed({ slug: `site-${index}` })
      const over = purchase({
        id,
        key: `key_${index}`,
        challengeId: `challenge_${index}`,
        state: "delivered",
        placement: { slug: `site-${index}`, attempted: true, projectId, url: null },
        answer: { url: "", deployment_id: id, expires_at: timestamp(now - 1000), ttl_hours: 24 },
        due: now
      })
      store.create(over, upload)
      store.save(over)
    }
    const wake = Effect.gen(function* () {
      const since = yield* Clock.currentTimeMillis
      const fiber = yield* Effect.forkChild(
        Effect.provideService(expire(store.findDue(since), { patient: false }), ControlPlaneClient, host.client)
      )
      let held = 0
      while (fiber.pollUnsafe() === undefined && held < 300_000) {
        yield* TestClock.adjust("100 millis")
        held += 100
      }
      yield* Fiber.join(fiber)
      return held
    })
    yield* test({ host, store, wake })
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        layerPurchaseStoreMemory,
        layerExpiryStoreMemory(),
        layerRecordsMemory(),
        layerSettings(),
        TestClock.layer()
      )
    ),
    Effect.scoped,
    Effect.runPromise
  )

const dues = (store: PurchaseStore["Service"], now: number) =>
  store.findDue(Number.MAX_SAFE_INTEGER).map(({ due }) => (due ?? 0) - now)

describe("the deletion of expired deployments", () => {
  for (const many of [1, 50, 300]) {
    it(`holds the alarm open for 5 s while the host hangs, then for 10 s, with ${many} due, and retries less and less often`, () =>
      withOver(many, ({ host, store, wake }) =>
        Effect.gen(function* () {
          host.next("remove", ...Array.from({ length: 10 * many }, () => hangs))
          let open = 0
          let waited = 0
          for (const pause of [30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000]) {
            const held = yield* wake
            assert.isAtMost(held, pause === 30_000 ? 5_100 : 10_100)
            const now = yield* Clock.currentTimeMillis
            const next = dues(store, now)
            assert.strictEqual(next.length, many)
            for (const due of next) assert.closeTo(due, pause, 200)
            open += held
            waited += held + pause
            yield* TestClock.adjust(pause + 200)
          }
          // Jack takes the objects away after 8 hours in 24, which is a third.
          assert.isBelow(open / waited, 0.05)
          assert.strictEqual(host.projects.size, many)
        })
      ))
  }

  it("continues at once if one wake-up had no time for all, and reaches every one", () =>
    withOver(200, ({ host, store, wake }) =>
      Effect.gen(function* () {
        host.next("remove", ...Array.from({ length: 1000 }, () => slowly))
        let wakes = 0
        while (host.projects.size > 0 && wakes < 20) {
          assert.isAtMost(yield* wake, EXPIRE_MS + 100)
          wakes++
          yield* TestClock.adjust("1 second")
        }
        assert.strictEqual(host.projects.size, 0)
        // Each wake-up deletes six at a time, two seconds each, for fifteen seconds.
        assert.isAtMost(wakes, 6)
        yield* wake
        const states = store.findDue(Number.MAX_SAFE_INTEGER).map(({ state }) => state)
        assert.deepStrictEqual(new Set(states), new Set(["expired"]))
      })
    ))

  it("ends what it had no time for while the host hung, unless a renewal has come first", () =>
    withOver(9, ({ host, store, wake }) =>
      Effect.gen(function* () {
        host.next("remove", ...Array.from({ length: 6 }, () => hangs))
        const now = yield* Clock.currentTimeMillis
        // Six are asked about at once. The renewals end meanwhile.
        const expires_at = timestamp(now + 3_600_000)
        const answer = { url: "", deployment_id: "dep_6", expires_at, ttl_hours: 24 }
        const due = now + 60_000
        const hold = { id: "dep_r", reference: "0x", validBefore: 0, hours: 1, due, attempts: 0 }
        const renew = Effect.sync(() => {
          store.save(edited(store.byId("dep_6")!, { answer, due: now + 3_600_000 }))
          store.save(edited(store.byId("dep_7")!, { holds: [hold], due }))
        })
        yield* Effect.forkChild(Effect.delay(renew, "2 seconds"))
        yield* wake
        const renewed = store.byId("dep_6")!
        assert.deepInclude(renewed, { failure: null, due: now + 3_600_000, attempts: 0 })
        assert.notProperty(renewed, "ending")
        assert.deepInclude(store.byId("dep_7")!, { failure: null, due, attempts: 0 })
        assert.deepInclude(store.byId("dep_8")!, { ending: true, attempts: 1 })
      })
    ))

  it("deletes at a host that takes 8 s for each, at the second try", () =>
    withOver(1, ({ host, wake }) =>
      Effect.gen(function* () {
        host.next("remove", Effect.delay("8 seconds"), Effect.delay("8 seconds"))
        assert.isAtMost(yield* wake, 5_100)
        assert.strictEqual(host.projects.size, 1)
        yield* TestClock.adjust("30 seconds")
        assert.isAtMost(yield* wake, 8_200)
        assert.strictEqual(host.projects.size, 0)
      })
    ))

  it("finishes within seconds after an outage in which the host refuses", () =>
    withOver(20, ({ host, store, wake }) =>
      Effect.gen(function* () {
        host.next("remove", ...Array.from({ length: 20 * 12 }, () => refuses))
        for (let tries = 0; tries < 12; tries++) {
          assert.isAtMost(yield* wake, 1000)
          assert.isAtMost(Math.max(...dues(store, yield* Clock.currentTimeMillis)), 8_000)
          yield* TestClock.adjust("8 seconds")
        }
        yield* wake
        assert.strictEqual(host.projects.size, 0)
      })
    ))
})
