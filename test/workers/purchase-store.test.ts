import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert, describe, it } from "vitest"
import { NOTICE_LEASE_MS } from "../../src/orders/notices/Outbox.ts"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import { purchaseStoreContract } from "../support/contracts/purchase-store.ts"
import { purchase, upload } from "../support/purchase.ts"

const object = () => env.ORDERS.get(env.ORDERS.newUniqueId())

describe("the store in a Durable Object", () => {
  for (const [name, check] of Object.entries(purchaseStoreContract)) {
    it(name, () => runInDurableObject(object(), (_order, { storage }) => check(makePurchaseStore(storage))))
  }

  it("keeps its rows for the next instance of the object", () =>
    runInDurableObject(object(), (_order, { storage }) => {
      makePurchaseStore(storage).create(purchase(), upload)
      assert.deepStrictEqual(makePurchaseStore(storage).byKey("key_a"), purchase())
      assert.deepStrictEqual(makePurchaseStore(storage).payload("dep_a"), upload)
    }))

  it("writes nothing for a look-up", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      makePurchaseStore(storage).byId("dep_a")
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master").toArray(), [])
      assert.isNull(await storage.getAlarm())
    }))

  it("works after its first write was rolled back", () =>
    runInDurableObject(object(), (_order, { storage }) => {
      const store = makePurchaseStore(storage)
      const broken = purchase({ state: "nonsense" as "captured" })
      assert.throws(() => store.create(broken, upload))
      assert.isUndefined(store.byKey("key_a"))
      store.create(purchase(), upload)
      assert.strictEqual(store.byKey("key_a")?.id, "dep_a")
    }))

  it("sets the alarm to the earliest due purchase, and deletes it when none is due", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      const soon = Date.now() + 60_000
      const store = makePurchaseStore(storage)
      const other = { operation: "execute" as const, id: "dep_b", key: "key_b", challengeId: "challenge_b" }
      store.create(purchase({ operation: "execute", due: soon + 1 }), upload)
      store.create(purchase({ ...other, due: soon }), upload)
      assert.strictEqual(await storage.getAlarm(), soon)
      store.save(purchase({ ...other, state: "delivered", due: null }))
      assert.strictEqual(await storage.getAlarm(), soon + 1)
      store.save(purchase({ operation: "execute", state: "delivered", due: null }))
      assert.isNull(await storage.getAlarm())
    }))

  it("sets the alarm to an earlier notice of a deployment, until it is taken", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      const due = Date.now() + 60_000
      const store = makePurchaseStore(storage)
      store.create(purchase({ due }), upload)
      assert.closeTo((await storage.getAlarm()) ?? 0, Date.now() + NOTICE_LEASE_MS, 1_000)
      store.outbox.trying("dep_a", due - 1)
      assert.strictEqual(await storage.getAlarm(), due - 1)
      store.outbox.taken("dep_a", 1)
      assert.strictEqual(await storage.getAlarm(), due)
    }))

  it("wakes up when a build failure is outdated, and deletes it", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      const store = makePurchaseStore(storage)
      const at = Date.now()
      store.saveBuildFailure({ at, detail: "no", diagnostics: [] })
      assert.strictEqual(await storage.getAlarm(), at + 3_600_000)
      store.clearBuildFailure()
      await storage.sync()
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'purchase'").toArray(), [])
      assert.isNull(await storage.getAlarm())
    }))

  it("has no alarm to run when nothing is due", async () => {
    assert.isFalse(await runDurableObjectAlarm(object()))
  })
})
