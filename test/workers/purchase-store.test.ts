import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert, describe, it } from "vitest"
import { makeLedger } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import { ledgerContract } from "../support/purchase-store-contract.ts"
import { purchase, upload } from "../support/purchase.ts"

const object = () => env.ORDERS.get(env.ORDERS.newUniqueId())

describe("the ledger in a Durable Object", () => {
  for (const [name, check] of Object.entries(ledgerContract)) {
    it(name, () => runInDurableObject(object(), (_order, { storage }) => check(makeLedger(storage))))
  }

  it("is the same to whoever opens it next", () =>
    runInDurableObject(object(), (_order, { storage }) => {
      makeLedger(storage).begin(purchase(), upload)
      assert.deepStrictEqual(makeLedger(storage).byKey("key_a"), purchase())
      assert.deepStrictEqual(makeLedger(storage).goods("dep_a"), upload)
    }))

  it("writes nothing for a question", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      makeLedger(storage).byId("dep_a")
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master").toArray(), [])
      assert.isNull(await storage.getAlarm())
    }))

  it("is usable after its first write was rolled back", () =>
    runInDurableObject(object(), (_order, { storage }) => {
      const ledger = makeLedger(storage)
      const broken = purchase({ state: "nonsense" as "captured" })
      assert.throws(() => ledger.begin(broken, upload))
      assert.isUndefined(ledger.byKey("key_a"))
      ledger.begin(purchase(), upload)
      assert.strictEqual(ledger.byKey("key_a")?.id, "dep_a")
    }))

  it("sets the alarm to the earliest purchase that is due, and takes it away", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      const soon = Date.now() + 60_000
      const ledger = makeLedger(storage)
      ledger.begin(purchase({ due: soon + 1 }), upload)
      ledger.begin(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", due: soon }), upload)
      assert.strictEqual(await storage.getAlarm(), soon)
      ledger.save(purchase({ id: "dep_b", key: "key_b", challengeId: "challenge_b", state: "delivered", due: null }))
      assert.strictEqual(await storage.getAlarm(), soon + 1)
      ledger.save(purchase({ state: "delivered", due: null }))
      assert.isNull(await storage.getAlarm())
    }))

  it("wakes up when a verdict no longer stands, and leaves nothing of it", () =>
    runInDurableObject(object(), async (_order, { storage }) => {
      const ledger = makeLedger(storage)
      const at = Date.now()
      ledger.judge({ at, detail: "no", diagnostics: [] })
      assert.strictEqual(await storage.getAlarm(), at + 3_600_000)
      ledger.acquit()
      await storage.sync()
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'purchase'").toArray(), [])
      assert.isNull(await storage.getAlarm())
    }))

  it("has no alarm to run when nothing is due", async () => {
    assert.isFalse(await runDurableObjectAlarm(object()))
  })
})
