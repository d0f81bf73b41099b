import { assert, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { CodeRejected } from "../../../src/control-plane/errors.ts"
import { failsWith, losesItsAnswer } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, helloBody, makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

const send = (gateway: Gateway, id: string, headers: Record<string, string> = {}) =>
  gateway.send(`/deployments/${id}`, { method: "DELETE", headers })

const proof = async (gateway: Gateway, id: string, payer = "0xpayer") =>
  testCredential((await send(gateway, id)).headers.get("www-authenticate") ?? "", payer)

const remove = async (gateway: Gateway, id: string, payer?: string) =>
  send(gateway, id, { authorization: await proof(gateway, id, payer) })

const deploy = async (gateway: Gateway, headers: Record<string, string> = {}) =>
  (await deployment(await gateway.pay({ headers }))).deployment_id

const status = async (gateway: Gateway, id: string) =>
  (await gateway.send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

describe("a delete", () => {
  it("takes the project from the host at once, and succeeds again", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    const response = await remove(gateway, id)
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepStrictEqual(await response.json(), { deployment_id: id, status: "deleted" })
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.strictEqual(gateway.host.projects.size, 0)
    assert.strictEqual(gateway.expiry.entries.size, 0)
    const after = await status(gateway, id)
    assert.deepInclude(after, { status: "deleted", url: null, charged: true })
    assert.closeTo(Date.parse(String(after.expires_at)), Date.now(), 2000)
    const again = await remove(gateway, id)
    assert.deepStrictEqual([again.status, await again.json()], [200, { deployment_id: id, status: "deleted" }])
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("ends the order: its key gets 410 with the time, an update too, and another key buys another", async () => {
    const gateway = makeGateway()
    const key = { "idempotency-key": "mine" }
    const id = await deploy(gateway, key)
    await remove(gateway, id)
    const { expires_at } = await status(gateway, id)
    const late = await problem(await gateway.pay({ headers: key }))
    const gone = { status: 410, code: "expired", charged: true, deployment_id: id, expired_at: expires_at }
    assert.deepInclude(late, gone)
    assert.match(late.detail, /deleted.*Another Idempotency-Key/)
    assert.deepInclude(await problem(await gateway.send(`/deployments/${id}`, { method: "PUT" })), gone)
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.notStrictEqual(await deploy(gateway), id)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("asks for a proof, which is good for this alone", async () => {
    const gateway = makeGateway()
    const [id, other] = [
      await deploy(gateway, { "idempotency-key": "a" }),
      await deploy(gateway, { "idempotency-key": "b" })
    ]
    const asked = await send(gateway, id)
    assert.strictEqual((await problem(asked)).code, "payment_required")
    const [, request] = /request="([^"]+)"/.exec(asked.headers.get("www-authenticate") ?? "") ?? []
    assert.deepInclude(JSON.parse(Buffer.from(request ?? "", "base64url").toString()), { amount: "0" })
    const put = await gateway.send(`/deployments/${id}`, {
      method: "PUT",
      body: JSON.stringify({ env: { A: "b" } }),
      headers: { "content-type": "application/json" }
    })
    const update = testCredential(put.headers.get("www-authenticate") ?? "", "0xpayer")
    for (const [target, authorization] of [
      [id, update],
      [other, await proof(gateway, id)]
    ] as const) {
      assert.match((await problem(await send(gateway, target, { authorization }))).type, /invalid-challenge$/)
    }
    assert.strictEqual(gateway.host.projects.size, 2)
  })

  it("is allowed for the payer only, and takes no body", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    assert.deepInclude(await problem(await remove(gateway, id, "0xsomebody")), { status: 403, code: "forbidden" })
    const body = await gateway.send(`/deployments/${id}`, { method: "DELETE", body: "{}" })
    assert.deepInclude(await problem(body), { status: 400, code: "invalid_request" })
    assert.deepInclude(await problem(await send(gateway, `dep_${"0".repeat(40)}`)), { status: 404 })
    assert.strictEqual(gateway.host.projects.size, 1)
    assert.strictEqual((await status(gateway, id)).status, "live")
  })

  it("is recorded while the host is down, and confirmed later", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    gateway.host.next("remove", down)
    const answer = await problem(await remove(gateway, id))
    assert.deepInclude(answer, { status: 409, code: "order_in_progress", charged: true, deployment_id: id })
    assert.deepInclude(await status(gateway, id), { status: "deleted", url: null })
    const put = await gateway.send(`/deployments/${id}`, { method: "PUT" })
    assert.strictEqual((await problem(put)).status, 410)
    assert.strictEqual((await remove(gateway, id)).status, 200)
    assert.strictEqual(gateway.host.projects.size, 0)
  })

  it("gives up a paid deploy that is not live, and its project whose create's answer was lost", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", losesItsAnswer)
    const failed = await problem(await gateway.pay({ headers: { "idempotency-key": "mine" } }))
    const id = String(failed["deployment_id"])
    assert.strictEqual(gateway.host.projects.size, 1)
    assert.strictEqual((await remove(gateway, id)).status, 200)
    assert.strictEqual(gateway.host.projects.size, 0)
    assert.strictEqual((await problem(await gateway.pay({ headers: { "idempotency-key": "mine" } }))).status, 410)
    // An agent that starts over without a key buys another.
    assert.notStrictEqual(await deploy(gateway), id)
  })

  it("gives up a deploy whose code the host refuses", async () => {
    const gateway = makeGateway()
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    const id = String((await problem(await gateway.pay({ body: helloBody })))["deployment_id"])
    assert.strictEqual((await status(gateway, id)).status, "failed")
    assert.strictEqual((await remove(gateway, id)).status, 200)
    assert.deepInclude(await status(gateway, id), {
      status: "deleted",
      expires_at: (await status(gateway, id)).expires_at
    })
    assert.strictEqual(gateway.host.projects.size, 0)
  })
})
