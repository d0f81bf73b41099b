import * as Effect from "effect/Effect"
import { assert, describe, it, vi } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith, losesItsAnswer } from "../../../src/control-plane/testing.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { problem } from "../../support/gateway.ts"
import {
  answered,
  deploy,
  type Gateway,
  get,
  holding,
  makeOperated,
  post,
  renew,
  renewal,
  sendRenewal,
  status,
  takeDown
} from "./support.ts"

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

const owed = async (gateway: Gateway) =>
  (await answered(await get(gateway, "/owed")))["rows"] as ReadonlyArray<Record<string, unknown>>

const update = async (gateway: Gateway, id: string) => {
  const send = (headers: Record<string, string>) =>
    gateway.send(`/deployments/${id}`, {
      method: "PUT",
      body: JSON.stringify({ files: { "index.ts": "newer" } }),
      headers: { "content-type": "application/json", ...headers }
    })
  const challenge = (await send({})).headers.get("www-authenticate") ?? ""
  return send({ authorization: testCredential(challenge, "0xpayer") })
}

describe("a takedown", () => {
  it("ends a live deployment at once, and tells the reason to everybody who asks", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway, { "idempotency-key": "mine" })
    const done = { deployment_id: id, status: "deleted", taken_down: "It phishes.", confirmed: true }
    assert.deepStrictEqual(await answered(await takeDown(gateway, id)), done)
    assert.strictEqual(gateway.host.projects.size, 0)
    assert.deepInclude(await status(gateway, id), { status: "deleted", url: null, taken_down: "It phishes." })
    const key = await problem(await gateway.pay({ headers: { "idempotency-key": "mine" } }))
    assert.deepInclude(key, { status: 410, code: "expired", charged: true })
    assert.match(key.detail, /operator of the service has taken this deployment down: It phishes\./)
    assert.match((await problem(await update(gateway, id))).detail, /It phishes/)
    assert.match((await problem(await sendRenewal(gateway, id, {}))).detail, /It phishes/)
    // The first reason stays.
    assert.deepStrictEqual(await answered(await takeDown(gateway, id, "Another reason.")), done)
    assert.deepStrictEqual(await owed(gateway), [])
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.deepStrictEqual((await answered(await get(gateway, "")))["live"], { rows: [], cursor: null })
  })

  it("is recorded while the host is down, and confirmed by a second one", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    gateway.host.next("remove", down)
    assert.deepInclude(await answered(await takeDown(gateway, id)), { confirmed: false })
    assert.match(String((await status(gateway, id))["last_failure"]), /was taken down.*has not deleted it yet/)
    assert.deepInclude(await answered(await takeDown(gateway, id)), { confirmed: true })
    assert.strictEqual(gateway.host.projects.size, 0)
  })

  it("during a delivery leaves no project, and lists the payment as owed back", async () => {
    for (const method of ["create", "tag", "upload"] as const) {
      const gateway = makeOperated()
      const held = holding()
      gateway.host.next(method, held.fault)
      const paid = gateway.pay({ headers: { "idempotency-key": "mine" } })
      await held.reached
      const [row] = gateway.records.of("sale")
      const id = row?.id ?? ""
      const taken = takeDown(gateway, id)
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.deepInclude(await status(gateway, id), { status: "deleted", taken_down: "It phishes." })
      held.go()
      assert.deepInclude(await answered(await taken), { confirmed: true })
      assert.deepInclude(await problem(await paid), { status: 410, code: "expired", charged: true })
      assert.strictEqual(gateway.host.projects.size, 0, method)
      assert.strictEqual(gateway.records.of("live").length, 0)
      assert.isUndefined(gateway.logs.find((line) => line["level"] === "ERROR"))
      assert.deepInclude((await owed(gateway))[0], { id, state: "refund", amount: "0.10", payer: "0xpayer" })
    }
  })

  it("before the chain has confirmed the payment delivers nothing, and lists the payment once it has landed", async () => {
    const gateway = makeOperated()
    gateway.payments.captures.push("lost")
    const key = { "idempotency-key": "mine" }
    const pending = await problem(await gateway.pay({ headers: key }))
    const id = String(pending["deployment_id"])
    assert.deepInclude(await answered(await takeDown(gateway, id)), { confirmed: true })
    assert.deepInclude(await status(gateway, id), { status: "deleted", charged: null, taken_down: "It phishes." })
    assert.deepStrictEqual(await owed(gateway), [])
    const late = await problem(await gateway.pay({ headers: key }))
    assert.deepInclude(late, { status: 410, code: "expired", charged: true })
    assert.strictEqual(gateway.host.calls.filter((call) => call.startsWith("create")).length, 0)
    assert.deepInclude((await owed(gateway))[0], { id, state: "refund" })
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("of a paid deploy whose create's answer was lost finds the project, and lists the payment as owed back", async () => {
    const gateway = makeOperated()
    gateway.host.next("create", losesItsAnswer)
    const id = String((await problem(await gateway.pay()))["deployment_id"])
    assert.deepInclude((await owed(gateway))[0], { id, state: "retrying" })
    assert.deepInclude(await answered(await takeDown(gateway, id)), { confirmed: true })
    assert.strictEqual(gateway.host.projects.size, 0)
    const [row] = await owed(gateway)
    assert.deepInclude(row, { id, state: "refund" })
    assert.match(String(row?.["why"]), /Taken down before it was live: It phishes/)
  })

  it("lists a refund once the records can be written again", async () => {
    const gateway = makeOperated()
    gateway.host.next("create", losesItsAnswer)
    const id = String((await problem(await gateway.pay()))["deployment_id"])
    gateway.records.available = false
    assert.deepInclude(await answered(await takeDown(gateway, id)), { confirmed: true })
    gateway.records.available = true
    assert.deepInclude((await owed(gateway))[0], { id, state: "retrying" })
    const isRefund = async () => assert.deepInclude((await owed(gateway))[0], { id, state: "refund" })
    await vi.waitFor(isRefund, { timeout: 20_000, interval: 100 })
  })

  it("is logged once if its record cannot be written", async () => {
    const gateway = makeOperated()
    gateway.host.next("create", (call) => {
      gateway.records.available = false
      return losesItsAnswer(call)
    })
    await gateway.pay()
    const lines = gateway.logs.filter((line) => /not written/.test(JSON.stringify(line)))
    assert.strictEqual(lines.length, 1, JSON.stringify(lines))
    assert.match(JSON.stringify(lines), /owed: a record was not written.*the answer was lost.*scripted/)
  })

  it("only lets a refund be settled, because the service still delivers for other rows", async () => {
    const gateway = makeOperated()
    gateway.host.next("create", losesItsAnswer)
    const id = String((await problem(await gateway.pay()))["deployment_id"])
    const refused = await problem(await post(gateway, `/owed/${id}/settle`))
    assert.deepInclude(refused, { status: 400, code: "invalid_request" })
    assert.match(refused.detail, /owed as retrying/)
    assert.strictEqual((await owed(gateway)).length, 1)
    await answered(await takeDown(gateway, id))
    assert.deepInclude(await answered(await post(gateway, `/owed/${id}/settle`)), { settled: true })
    assert.deepStrictEqual(await owed(gateway), [])
  })

  it("during an update deletes the project at once, and again once the update has ended", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    const held = holding()
    gateway.host.next("upload", held.fault)
    const updated = update(gateway, id)
    await held.reached
    const taken = takeDown(gateway, id)
    while (gateway.host.projects.size > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    held.go()
    assert.deepInclude(await answered(await taken), { confirmed: true })
    assert.deepInclude(await problem(await updated), { status: 410, code: "expired" })
    assert.strictEqual(gateway.host.projects.size, 0)
    assert.strictEqual(gateway.host.calls.filter((call) => call.startsWith("create")).length, 1)
  })

  it("during the build of an update refuses it", async () => {
    const held = holding()
    let builds = 0
    const bundle = () => Effect.as(++builds === 2 ? held.wait : Effect.void, testBundle())
    const gateway = makeOperated({ bundle })
    const id = await deploy(gateway)
    const updated = update(gateway, id)
    await held.reached
    const taken = takeDown(gateway, id)
    while (gateway.host.projects.size > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    held.go()
    await taken
    assert.deepInclude(await problem(await updated), { status: 410, code: "expired" })
    assert.strictEqual(gateway.host.projects.size, 0)
  })

  it("during a renewal ends the deployment, and lists the renewal as owed back", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    // The chain has not confirmed the renewal's payment, so it holds the deployment.
    gateway.payments.captures.push("lost")
    const headers = await renewal(gateway, id)
    const pending = await problem(await sendRenewal(gateway, id, headers))
    assert.strictEqual(pending.code, "payment_pending")
    assert.deepInclude(await answered(await takeDown(gateway, id)), { confirmed: true })
    assert.strictEqual(gateway.host.projects.size, 0)
    const late = await problem(await sendRenewal(gateway, id, headers))
    assert.deepInclude(late, { status: 410, code: "expired", charged: true })
    assert.match(late.detail, /The renewal was charged and adds nothing.*owes it back.*It phishes/)
    const [row] = await owed(gateway)
    assert.deepInclude(row, {
      operation: "renew",
      state: "refund",
      payer: "0xother",
      deployment_id: id,
      amount: "0.10"
    })
    assert.deepInclude(await problem(await sendRenewal(gateway, id, headers)), { status: 410 })
    assert.strictEqual((await owed(gateway)).length, 1)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("while a renewed deployment is tagged leaves it in no list", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    const held = holding()
    // The host has done it, and the answer is on its way.
    gateway.host.next("tag", (call) => Effect.tap(call, () => held.wait))
    assert.strictEqual((await renew(gateway, id)).status, 200)
    await held.reached
    await takeDown(gateway, id)
    held.go()
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepStrictEqual((await answered(await get(gateway, "")))["live"], { rows: [], cursor: null })
    assert.strictEqual(gateway.host.projects.size, 0)
  })

  it("lists renewals whose hours had not begun as owed back", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    for (const key of ["a", "b"]) assert.strictEqual((await renew(gateway, id, key)).status, 200)
    await takeDown(gateway, id)
    const rows = await owed(gateway)
    assert.strictEqual(rows.length, 2)
    for (const row of rows) assert.deepInclude(row, { operation: "renew", payer: "0xother", amount: "0.10" })
  })

  it("knows only deployments that are there", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    assert.strictEqual((await takeDown(gateway, `dep_${"0".repeat(40)}`)).status, 404)
    const none = await takeDown(gateway, id, " ")
    assert.deepInclude(await problem(none), { status: 400, code: "invalid_request" })
    assert.strictEqual((await status(gateway, id))["status"], "live")
  })
})
