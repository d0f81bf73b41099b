import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import { createHash } from "node:crypto"
import { assert, beforeEach, describe, it } from "vitest"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase, PurchaseRow } from "../../src/orders/purchase/Purchase.ts"
import { orderName } from "../../src/domain/DeploymentId.ts"
import { timestamp } from "../../src/domain/Order.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { problem } from "../support/gateway.ts"
import { payments, runs } from "./main.ts"
import { edited } from "../support/purchase.ts"

let count = 0
let body = ""
beforeEach(() => {
  payments.captured.clear()
  runs.length = 0
  body = JSON.stringify({ code: "export const run = (it) => it", input: ++count })
})

const post = (headers: Record<string, string> = {}) =>
  exports.default.fetch("http://gateway.test/execute", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers }
  })

const pay = async (headers: Record<string, string> = {}) => {
  const challenge = (await post(headers)).headers.get("www-authenticate") ?? ""
  return post({ ...headers, authorization: testCredential(challenge, "0xpayer") })
}

/** Returns the order's object, named by payer, operation and body. */
const object = () => {
  const sha256 = createHash("sha256").update(body).digest("hex")
  return env.ORDERS.get(env.ORDERS.idFromName(orderName("0xpayer", "execute", sha256)))
}

/** Lets time pass for every purchase of the order, and runs the alarm. */
const after = async (change: (purchase: Purchase) => Partial<PurchaseRow>) => {
  await runInDurableObject(object(), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    for (const purchase of store.findDue(Number.MAX_SAFE_INTEGER)) {
      store.save(edited(purchase, { due: Date.now() - 1, ...change(purchase) }))
    }
  })
  assert.isTrue(await runDurableObjectAlarm(object()))
}

const headers = { "idempotency-key": "k" }

describe("an execution in its order's object", () => {
  it("runs once, keeps its output until it expires, and then answers 410 to its key", async () => {
    const first = await (await pay(headers)).text()
    assert.strictEqual(first, `{"result":${count},"duration_ms":1,"limits":{"cpu_ms_limit":50}}`)
    assert.strictEqual(await (await pay(headers)).text(), first)
    assert.deepStrictEqual(runs, [String(count)])
    const alarm = await runInDurableObject(object(), (_order, { storage }) => storage.getAlarm())
    assert.closeTo(alarm ?? 0, Date.now() + 86_400_000, 5_000)

    await after(() => ({ answer: { expires_at: timestamp(Date.now() - 2000) } }))
    const expired = await problem(await pay(headers))
    assert.deepStrictEqual([expired.status, expired.charged, expired["deployment_id"]], [410, true, null])
    assert.strictEqual(payments.captured.size, 1)
    const kept = await runInDurableObject(object(), (_order, { storage }) =>
      storage.sql.exec("SELECT count(*) AS parts FROM upload").one()
    )
    assert.deepStrictEqual(kept, { parts: 0 })

    await after(() => ({}))
    const tables = await runInDurableObject(object(), (_order, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'purchase'").toArray()
    )
    assert.deepStrictEqual(tables, [])
  })

  it("is run by the alarm once the chain confirms the payment, and later calls cost nothing", async () => {
    payments.captures.push("lost")
    assert.strictEqual((await problem(await pay())).code, "payment_pending")
    assert.deepStrictEqual(runs, [])
    await after(() => ({}))
    assert.deepStrictEqual(runs, [String(count)])
    assert.strictEqual((await pay()).status, 200)
    assert.strictEqual(payments.captured.size, 1)
    assert.strictEqual(runs.length, 1)
  })
})
