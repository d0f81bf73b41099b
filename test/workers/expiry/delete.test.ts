import { runInDurableObject } from "cloudflare:test"
import { assert, beforeEach, describe, it } from "vitest"
import { PROOF_TTL_MS } from "../../../src/payers/proofs.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { host } from "../main.ts"
import { deploy, down, objectOf, pause, purchaseOf, reset, send, status } from "./support.ts"

beforeEach(reset)

const remove = async (id: string) => {
  const path = `/deployments/${id}`
  const challenge = (await send(path, { method: "DELETE" })).headers.get("www-authenticate") ?? ""
  const authorization = testCredential(challenge, "0xpayer")
  return send(path, { method: "DELETE", headers: { authorization } })
}

describe("a deleted deployment", () => {
  it("is gone, keeps no source, and is forgotten after a week", async () => {
    const id = await deploy({ "idempotency-key": "k" })
    assert.strictEqual((await remove(id)).status, 200)
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await status(id)).status, "deleted")
    const { due, state } = await purchaseOf(id)
    assert.strictEqual(state, "expired")
    assert.closeTo(due! - Date.now(), 7 * 86_400_000, 5_000)
    await runInDurableObject(objectOf(id), (_order, { storage }) => {
      assert.isUndefined(makePurchaseStore(storage).source(id))
    })
    await pause(id)
    assert.strictEqual((await send(`/deployments/${id}`)).status, 404)
  })

  it("is deleted by the alarm when the host was down", async () => {
    const id = await deploy()
    host.next("remove", down, down)
    assert.strictEqual((await remove(id)).status, 409)
    assert.strictEqual(host.projects.size, 1)
    await pause(id)
    assert.match(String((await status(id)).last_failure), /was deleted.*not deleted it yet/)
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.deepInclude(await status(id), { status: "deleted", last_failure: null })
  })

  it("forgets spent proofs when their challenges have expired", async () => {
    const id = await deploy()
    await runInDurableObject(objectOf(id), (_order, { storage }) => {
      const store = makePurchaseStore(storage)
      store.spendProof("c", 0)
      store.spendProof("d", PROOF_TTL_MS)
      assert.strictEqual(storage.sql.exec("SELECT 1 FROM proof").toArray().length, 1)
    })
  })
})
