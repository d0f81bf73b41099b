import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it } from "vitest"
import { CodeRejected } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import { operationOn, timestamp } from "../../../src/domain/Order.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { problem } from "../../support/gateway.ts"
import { edited } from "../../support/purchase.ts"
import { host, payments } from "../main.ts"
import {
  call,
  deploy,
  down,
  expiry,
  next,
  objectOf,
  pause,
  purchaseOf,
  reset,
  send,
  status,
  wholeSecond
} from "./support.ts"

beforeEach(reset)

describe("an update in its object", () => {
  const newer = JSON.stringify({ files: { "index.ts": "export default 'newer'" } })
  const uploads = () => [...host.projects.values()].flatMap((project) => project.uploads)

  it("continues by the alarm after the host was down, and uploads once", async () => {
    const id = await deploy()
    host.next("upload", down, down)
    assert.strictEqual((await problem(await call("PUT", `/deployments/${id}`, newer))).code, "deploy_failed")
    assert.strictEqual(uploads().length, 1)
    await pause(id)
    assert.strictEqual(uploads().length, 1)
    await pause(id)
    assert.strictEqual(uploads().length, 2)
    const { update, due, answer } = await purchaseOf(id)
    assert.isNull(update)
    assert.strictEqual(wholeSecond(due), Date.parse(answer!.expires_at))
    assert.deepInclude(await status(id), { status: "live", last_failure: null })
  })

  it("continues by the alarm after its object ended during the upload", async () => {
    const id = await deploy()
    await runInDurableObject(objectOf(id), (_order, { storage }) => {
      const store = makePurchaseStore(storage)
      const upload = { main: "index.js", code: "newer", compatibilityFlags: [] }
      const update = { body: "b", key: "k", attempts: 0 }
      store.saveWithPayload({ ...store.byId(id)!, update, due: Date.now() - 1 }, upload)
    })
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.strictEqual(uploads().at(-1)?.code, "newer")
  })

  it("ends with its deployment", async () => {
    const id = await deploy()
    host.next("upload", down)
    await call("PUT", `/deployments/${id}`, newer)
    await expiry(id)
    assert.strictEqual((await status(id)).status, "expired")
    const { update, due } = await purchaseOf(id)
    assert.isNull(update)
    assert.isAbove(due!, Date.now() + 86_400_000)
  })

  it("goes live in place of code that the host refused", async () => {
    host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    const failed = await problem(await call("POST", "/deploy", next.body))
    const id = String(failed.deployment_id)
    const response = await call("PUT", `/deployments/${id}`, newer)
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.strictEqual((await status(id)).status, "live")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("places a lost project anew while the time ends and a renewal is being paid", async () => {
    const id = await deploy()
    const path = `/deployments/${id}/renew`
    const headers = { "idempotency-key": "renewal" }
    const challenge = (await send(path, { method: "POST", headers })).headers.get("www-authenticate") ?? ""
    const authorization = testCredential(challenge, "0xother")
    payments.captures.push("lost")
    const renew = () => send(path, { method: "POST", headers: { ...headers, authorization } })
    assert.strictEqual((await renew()).status, 503)
    host.projects.clear()
    const end = () =>
      runInDurableObject(objectOf(id), (_order, { storage }) => {
        const store = makePurchaseStore(storage)
        const purchase = store.byId(id)!
        const answer = { ...purchase.answer!, expires_at: timestamp(Date.now() - 2000) }
        store.save(edited(purchase, { answer }))
      })
    host.next("create", (create) => Effect.tap(create, () => Effect.promise(end)))
    assert.strictEqual((await problem(await call("PUT", `/deployments/${id}`, newer))).code, "expired")
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual((await renew()).status, 200)
    await pause(id)
    assert.deepInclude(await status(id), { status: "live", last_failure: null })
    assert.strictEqual(uploads().length, 1)
  })

  it("leaves nothing behind for an unknown deployment", async () => {
    const known = await deploy()
    const id = `dep_${"0".repeat(26)}`
    const challenge = (await send(`/deployments/${known}`, { method: "PUT" })).headers.get("www-authenticate")
    const authorization = testCredential(challenge ?? "", "0xpayer")
    const response = await send(`/deployments/${id}`, {
      method: "PUT",
      body: newer,
      headers: { authorization, "content-type": "application/json" }
    })
    assert.strictEqual(response.status, 404)
    const verified = { payer: "0xpayer", key: "key_a", challengeId: "a", credential: "" }
    const terms = { operation: operationOn("update", id), bodyDigest: "b", price: "0", description: "" }
    const outcome = await objectOf(id).update({ id, terms, verified, files: {} })
    assert.include(JSON.stringify(outcome), "not_found")
    await runInDurableObject(objectOf(id), (_order, { storage }) =>
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master").toArray(), [])
    )
  })
})
