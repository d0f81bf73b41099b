import { assert, describe, it } from "vitest"
import { keyOf } from "../../../src/expiry/kv.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { type Deployment, deployment, makeGateway, problem, testSettings } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const DAY = 86_400_000

const deploy = async (gateway: Gateway, headers: Record<string, string> = {}) =>
  deployment(await gateway.pay({ headers }))

const send = (gateway: Gateway, id: string, headers: Record<string, string> = {}, body: string | null = null) =>
  gateway.send(`/deployments/${id}/renew`, { method: "POST", headers, body })

const credential = async (gateway: Gateway, id: string, headers: Record<string, string> = {}, payer = "0xother") =>
  testCredential((await send(gateway, id, headers)).headers.get("www-authenticate") ?? "", payer)

/** Renews as somebody else than the payer. */
const renew = async (gateway: Gateway, id: string, headers: Record<string, string> = {}, payer?: string) =>
  send(gateway, id, { ...headers, authorization: await credential(gateway, id, headers, payer) })

const remove = async (gateway: Gateway, id: string) => {
  const path = `/deployments/${id}`
  const challenge = (await gateway.send(path, { method: "DELETE" })).headers.get("www-authenticate") ?? ""
  return gateway.send(path, { method: "DELETE", headers: { authorization: testCredential(challenge, "0xpayer") } })
}

const status = async (gateway: Gateway, id: string) =>
  (await gateway.send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

const later = ({ expires_at }: Deployment, days = 1) =>
  new Date(Date.parse(expires_at) + days * DAY).toISOString().replace(".000Z", "Z")

describe("a renewal", () => {
  it("makes the time longer for anybody's money, at the host, in the index and in the status", async () => {
    const gateway = makeGateway()
    const deployed = await deploy(gateway)
    const response = await renew(gateway, deployed.deployment_id)
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepStrictEqual(await response.json(), { ...deployed, expires_at: later(deployed) })
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.strictEqual(response.headers.get("cache-control"), "private")
    assert.deepStrictEqual(
      [...gateway.payments.captured.values()].map(({ payer }) => payer),
      ["0xpayer", "0xother"]
    )
    assert.strictEqual((await status(gateway, deployed.deployment_id)).expires_at, later(deployed))
    await new Promise((resolve) => setTimeout(resolve, 20))
    const [project] = [...gateway.host.projects.values()]
    const seconds = Date.parse(later(deployed)) / 1000
    assert.include(project?.tags ?? [], `expires:${seconds}`)
    assert.strictEqual(gateway.expiry.entries.get(keyOf(project?.id ?? ""))?.record.expiresAt, seconds)
  })

  it("answers its key again for nothing, and another key buys another", async () => {
    const gateway = makeGateway()
    const deployed = await deploy(gateway)
    const id = deployed.deployment_id
    const first = await deployment(await renew(gateway, id, { "idempotency-key": "a" }))
    assert.deepStrictEqual(await deployment(await renew(gateway, id, { "idempotency-key": "a" })), first)
    assert.strictEqual(gateway.payments.captured.size, 2)
    const second = await deployment(await renew(gateway, id, { "idempotency-key": "b" }))
    assert.strictEqual(second.expires_at, later(deployed, 2))
    const third = await deployment(await renew(gateway, id))
    assert.strictEqual(third.expires_at, later(deployed, 3))
    assert.strictEqual(gateway.payments.captured.size, 4)
    // A credential pays once.
    const key = { "idempotency-key": "c" }
    const authorization = await credential(gateway, id, key)
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(gateway, id, { ...key, authorization })))
    for (const answer of answers) assert.strictEqual((await deployment(answer)).expires_at, later(deployed, 4))
    assert.strictEqual(gateway.payments.captured.size, 5)
  })

  it("bought twice at once adds its hours twice", async () => {
    const gateway = makeGateway()
    const deployed = await deploy(gateway)
    const id = deployed.deployment_id
    const answers = await Promise.all(["0xa", "0xb"].map((payer) => renew(gateway, id, {}, payer)))
    assert.deepStrictEqual(
      answers.map((answer) => answer.status),
      [200, 200]
    )
    assert.strictEqual((await status(gateway, id)).expires_at, later(deployed, 2))
    assert.strictEqual(gateway.payments.captured.size, 3)
  })

  it("is refused before the payment: unknown, too far ahead, with a body, deleted", async () => {
    const gateway = makeGateway({ settings: { ...testSettings, MAX_DAYS: "2.5" } })
    const deployed = await deploy(gateway)
    const id = deployed.deployment_id
    const unknown = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`
    assert.deepInclude(await problem(await send(gateway, unknown)), { status: 404, charged: false })
    const authorization = await credential(gateway, id)
    assert.deepInclude(await problem(await send(gateway, unknown, { authorization })), { status: 402, charged: false })
    const json = { "content-type": "application/json" }
    for (const headers of [json, { ...json, authorization }]) {
      const refused = await problem(await send(gateway, id, headers, "{}"))
      assert.deepInclude(refused, { status: 400, code: "invalid_request", charged: false })
    }
    await deployment(await renew(gateway, id))
    const far = { status: 409, code: "too_far_ahead", charged: false, expires_at: later(deployed), max_days: 2.5 }
    assert.deepInclude(await problem(await send(gateway, id)), far)
    // The deployment itself refuses it too, for a challenge of before.
    assert.deepInclude(await problem(await send(gateway, id, { authorization })), far)
    assert.strictEqual((await remove(gateway, id)).status, 200)
    const gone = { status: 410, code: "expired", charged: false, deployment_id: id }
    assert.deepInclude(await problem(await send(gateway, id)), gone)
    assert.deepInclude(await problem(await send(gateway, id, { authorization })), gone)
    assert.strictEqual(gateway.payments.captured.size, 2)
    assert.strictEqual(gateway.payments.calls.capture, 2)
  })

  it("that was paid answers its key also when another could not be bought: too far ahead, deleted", async () => {
    const gateway = makeGateway({ settings: { ...testSettings, MAX_DAYS: "2.5" } })
    const deployed = await deploy(gateway)
    const id = deployed.deployment_id
    const mine = { "idempotency-key": "mine" }
    const paid = await deployment(await renew(gateway, id, mine))
    const checkAnswers = async () => {
      assert.strictEqual((await send(gateway, id, mine)).status, 402)
      const again = await renew(gateway, id, mine)
      assert.strictEqual(again.status, 200, await again.clone().text())
      assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
      assert.deepStrictEqual(await deployment(again), paid)
    }
    await checkAnswers()
    const other = { "idempotency-key": "other" }
    assert.deepInclude(await problem(await renew(gateway, id, other)), { code: "too_far_ahead", charged: false })
    assert.strictEqual((await remove(gateway, id)).status, 200)
    await checkAnswers()
    assert.deepInclude(await problem(await renew(gateway, id, other)), { status: 410, charged: false })
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("takes a credential for itself only", async () => {
    const gateway = makeGateway()
    const [one, two] = [
      (await deploy(gateway, { "idempotency-key": "1" })).deployment_id,
      (await deploy(gateway, { "idempotency-key": "2" })).deployment_id
    ]
    const update = await gateway.send(`/deployments/${one}`, { method: "DELETE" })
    for (const authorization of [
      await credential(gateway, two),
      testCredential(await gateway.challengeFor(), "0xother"),
      testCredential(update.headers.get("www-authenticate") ?? "", "0xother")
    ]) {
      assert.deepInclude(await problem(await send(gateway, one, { authorization })), { status: 402, charged: false })
    }
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("whose payment fails costs nothing and holds nothing", async () => {
    const gateway = makeGateway()
    const deployed = await deploy(gateway)
    const id = deployed.deployment_id
    gateway.payments.captures.push("reverted")
    assert.deepInclude(await problem(await renew(gateway, id)), { status: 402, charged: false })
    assert.strictEqual((await status(gateway, id)).expires_at, deployed.expires_at)
    assert.strictEqual((await remove(gateway, id)).status, 200)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("that is being paid keeps the deployment from being deleted", async () => {
    const gateway = makeGateway()
    const deployed = await deploy(gateway)
    const id = deployed.deployment_id
    gateway.payments.captures.push("lost")
    const key = { "idempotency-key": "mine" }
    assert.deepInclude(await problem(await renew(gateway, id, key)), {
      code: "payment_pending",
      charged: null,
      deployment_id: id
    })
    const refused = await problem(await remove(gateway, id))
    assert.deepInclude(refused, { status: 409, code: "order_in_progress", charged: true })
    assert.match(refused.detail, /renewal.*being paid/)
    assert.strictEqual((await deployment(await renew(gateway, id, key))).expires_at, later(deployed))
    assert.strictEqual(gateway.payments.captured.size, 2)
    assert.strictEqual((await remove(gateway, id)).status, 200)
  })

  it("counts what is being paid when it looks how far ahead it may reach", async () => {
    const gateway = makeGateway({ settings: { ...testSettings, MAX_DAYS: "2.5" } })
    const { deployment_id: id } = await deploy(gateway)
    gateway.payments.captures.push("stuck")
    assert.strictEqual((await problem(await renew(gateway, id, {}, "0xa"))).code, "payment_pending")
    assert.strictEqual((await problem(await renew(gateway, id, {}, "0xb"))).code, "too_far_ahead")
    assert.strictEqual(gateway.payments.calls.capture, 2)
  })
})
