import { runInDurableObject } from "cloudflare:test"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { PROOF_TTL_MS } from "../../../src/payers/proofs.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { host } from "../main.ts"
import { after, call, deploy, down, next, objectOf, pause, purchaseOf, reset, send, status } from "./support.ts"

beforeEach(reset)

const remove = async (id: string) => {
  const path = `/deployments/${id}`
  const challenge = (await send(path, { method: "DELETE" })).headers.get("www-authenticate") ?? ""
  const authorization = testCredential(challenge, "0xpayer")
  return send(path, { method: "DELETE", headers: { authorization } })
}

/** Buys a deploy whose create has no answer, and deletes it. Returns its id, and the create, which may still land. */
const deleteUnplaced = async () => {
  let create: Effect.Effect<unknown, unknown> = Effect.void
  host.next("create", (call) => {
    create = call
    return Effect.fail(new ControlPlaneUnavailable({ message: "no answer" }))
  })
  const failed = (await (await call("POST", "/deploy", next.body)).json()) as { readonly deployment_id: string }
  const id = failed.deployment_id
  assert.strictEqual((await remove(id)).status, 200)
  return { id, land: () => Effect.runPromise(create) }
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

  it("leaves no project whose create lands after the delete was confirmed", async () => {
    const { id, land } = await deleteUnplaced()
    await pause(id)
    await land()
    assert.strictEqual(host.projects.size, 1)
    host.next("remove", down)
    await pause(id)
    assert.strictEqual(host.projects.size, 1)
    const { due } = await purchaseOf(id)
    assert.closeTo(due! - Date.now(), 20_000, 5_000)
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.deepInclude(await status(id), { status: "deleted", last_failure: null })
    assert.closeTo((await purchaseOf(id)).due! - Date.now(), 7 * 86_400_000, 5_000)
    await pause(id)
    assert.strictEqual((await send(`/deployments/${id}`)).status, 404)
  })

  it("looks for such a project for two minutes, and is forgotten after a week", async () => {
    const { id } = await deleteUnplaced()
    const { lateUntil } = await purchaseOf(id)
    assert.closeTo(lateUntil! - Date.now(), 120_000, 5_000)
    await after(id, () => ({ lateUntil: Date.now() }))
    const purchase = await purchaseOf(id)
    assert.notProperty(purchase, "lateUntil")
    assert.closeTo(purchase.due! - Date.now(), 7 * 86_400_000, 5_000)
    await pause(id)
    assert.strictEqual((await send(`/deployments/${id}`)).status, 404)
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
