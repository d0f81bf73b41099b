import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { ControlPlaneMemory, layerControlPlaneMemory } from "../../../src/control-plane/testing.ts"
import { PurchaseStore } from "../../../src/orders/purchase/PurchaseStore.ts"
import { makePurchaseStoreMemory } from "../../../src/orders/purchase/testing.ts"
import * as transition from "../../../src/orders/purchase/transitions.ts"
import type { Captured, Delivered } from "../../../src/orders/purchase/Purchase.ts"
import { releaseProject } from "../../../src/orders/steps/expire.ts"
import { resume } from "../../../src/orders/steps/resume.ts"
import { resumeUpdate } from "../../../src/orders/steps/update.ts"
import { purchase, upload } from "../../support/purchase.ts"

/** A captured purchase as an alarm has found it, and the store in which its payer has deleted it since. */
const deletedSince = () => {
  const store = makePurchaseStoreMemory()
  const found = purchase({ state: "captured", receipt: "receipt" }) as Captured
  store.create(found, upload)
  store.save(transition.deleted(found, 5, 30_000))
  const run = <A, E>(step: Effect.Effect<A, E, never>) => Effect.runPromiseExit(step)
  return { store, found, run }
}

describe("a purchase that was deleted after it was found", () => {
  it("is not delivered", async () => {
    const { store, found, run } = deletedSince()
    // It needs no service beside the store.
    const step = Effect.provideService(resume(found), PurchaseStore, store) as Effect.Effect<unknown, unknown>
    assert.include(JSON.stringify(await run(step)), "deleted this deployment")
    assert.strictEqual(store.byId(found.id)?.deletedAt, 5)
    assert.strictEqual(store.inFlight.size, 0)
  })

  it("sends no update once more", async () => {
    const store = makePurchaseStoreMemory()
    const update = { body: "", key: "key_b", attempts: 0, again: Date.now() + 60_000 }
    const answer = { url: "https://a.test", deployment_id: "dep_a", expires_at: "2100-01-01T00:00:00Z", ttl_hours: 1 }
    const found = purchase({ state: "delivered", receipt: "receipt", answer, update }) as Delivered
    store.create(found, upload)
    store.save(transition.deleted(found, 5, 30_000))
    const before = store.byId(found.id)
    // It needs no service beside the store.
    const step = Effect.provideService(resumeUpdate(found), PurchaseStore, store) as unknown
    await Effect.runPromise(step as Effect.Effect<void>)
    assert.deepStrictEqual(store.byId(found.id), before)
  })

  it("is not released to another place", async () => {
    const { store, found, run } = deletedSince()
    const before = store.byId(found.id)
    await run(
      releaseProject(found).pipe(
        Effect.provideService(PurchaseStore, store),
        Effect.provide(layerControlPlaneMemory(new ControlPlaneMemory()))
      )
    )
    assert.deepStrictEqual(store.byId(found.id), before)
  })
})
