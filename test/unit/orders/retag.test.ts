import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { assert, describe, it } from "vitest"
import { ControlPlaneMemory, layerControlPlaneMemory } from "../../../src/control-plane/testing.ts"
import { timestamp } from "../../../src/domain/Order.ts"
import { layerExpiryStoreMemory } from "../../../src/expiry/testing.ts"
import { PurchaseStore } from "../../../src/orders/purchase/PurchaseStore.ts"
import { layerPurchaseStoreMemory } from "../../../src/orders/purchase/testing.ts"
import { wake } from "../../../src/orders/steps/wake.ts"
import { purchase } from "../../support/purchase.ts"

const DAY = 86_400_000

describe("the tags of a renewed deployment", () => {
  it("are sent less and less often to a host that hangs, and then once more", () => {
    const host = new ControlPlaneMemory()
    const { id: projectId } = host.seed({ slug: "app" })
    const test = Effect.gen(function* () {
      const store = yield* PurchaseStore
      const since = yield* Clock.currentTimeMillis
      const answer = {
        url: "https://a.test",
        deployment_id: "dep_a",
        expires_at: timestamp(since + DAY),
        ttl_hours: 24
      }
      const placement = { slug: "app", attempted: true, projectId, url: null }
      const retag = { attempts: 0, due: since }
      const renewed = purchase({ state: "delivered", receipt: "r", answer, placement, retag, due: since })
      store.create(renewed)
      host.next("tag", ...Array.from({ length: 20 }, () => () => Effect.never))
      // A live deployment without an update needs only the host and the index.
      const woken = wake as Effect.Effect<void, never, PurchaseStore>
      const tries = () => host.calls.filter((call) => call.startsWith("tag")).length
      while ((yield* Clock.currentTimeMillis) < since + 3_600_000) {
        const due = store.byId("dep_a")?.due ?? 0
        yield* TestClock.adjust(Math.max(due - (yield* Clock.currentTimeMillis), 0))
        const fiber = yield* Effect.forkChild(woken)
        for (let waited = 0; waited < 40 && fiber.pollUnsafe() === undefined; waited++)
          yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
      }
      assert.isAtMost(tries(), 9, "tries in an hour")
      host.calm("tag")
      yield* TestClock.adjust("15 minutes")
      yield* woken
      assert.isUndefined(store.byId("dep_a")?.retag)
      assert.include(host.projects.get(projectId)?.tags ?? [], `expires:${Math.floor((since + DAY) / 1000)}`)
    })
    const layers = Layer.mergeAll(
      layerPurchaseStoreMemory,
      layerControlPlaneMemory(host),
      layerExpiryStoreMemory(),
      TestClock.layer()
    )
    return Effect.runPromise(Effect.scoped(Effect.provide(test, layers)))
  })
})
