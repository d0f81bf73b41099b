import { assert, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../../src/control-plane/testing.ts"
import { PAGE_SIZE } from "../../../../src/payers/page.ts"
import { testCredential } from "../../../../src/payment/testing.ts"
import { deployment, makeGateway, problem, testSettings } from "../../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>
type Listed = {
  readonly deployments: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly next: string | null
}

const proof = async (gateway: Gateway, payer = "0xpayer", path = "/deployments") =>
  testCredential((await gateway.send(path)).headers.get("www-authenticate") ?? "", payer)

const list = async (gateway: Gateway, payer?: string, path = "/deployments"): Promise<Listed> => {
  const response = await gateway.send(path, { headers: { authorization: await proof(gateway, payer, path) } })
  assert.strictEqual(response.status, 200, await response.clone().text())
  return (await response.json()) as Listed
}

const deploy = async (gateway: Gateway, key: string, payer = "0xpayer") =>
  (await deployment(await gateway.pay({ payer, headers: { "idempotency-key": key } }))).deployment_id

const status = async (gateway: Gateway, id: string) =>
  (await gateway.send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

describe("GET /deployments", () => {
  it("answers the status of each deployment of the address that is proved, and of no other", async () => {
    const gateway = makeGateway()
    const ids = [await deploy(gateway, "a"), await deploy(gateway, "b")]
    const other = await deploy(gateway, "c", "0xother")
    const { deployments, next } = await list(gateway)
    assert.isNull(next)
    assert.sameDeepMembers([...deployments], await Promise.all(ids.map((id) => status(gateway, id))))
    assert.deepStrictEqual((await list(gateway, "0xother")).deployments, [await status(gateway, other)])
    assert.deepStrictEqual(await list(gateway, "0xnobody"), { deployments: [], next: null })
  })

  it("follows each deployment: undelivered, live, renewed and deleted", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const failed = await problem(await gateway.pay({ headers: { "idempotency-key": "a" } }))
    const id = String(failed["deployment_id"])
    const same = async (expected: object) => {
      const { deployments } = await list(gateway)
      assert.deepStrictEqual(deployments, [await status(gateway, id)])
      assert.deepInclude(deployments[0], expected)
    }
    await same({ status: "delivering", charged: true, url: null })
    await gateway.pay({ headers: { "idempotency-key": "a" } })
    await same({ status: "live", last_failure: null })
    const before = (await status(gateway, id))["expires_at"]
    const path = `/deployments/${id}/renew`
    const renewal = await gateway.send(path, { method: "POST" })
    const authorization = testCredential(renewal.headers.get("www-authenticate") ?? "", "0xother")
    assert.strictEqual((await gateway.send(path, { method: "POST", headers: { authorization } })).status, 200)
    assert.notStrictEqual((await status(gateway, id))["expires_at"], before)
    await same({ status: "live" })
    // A renewal is no deployment of whoever pays for it.
    assert.deepStrictEqual((await list(gateway, "0xother")).deployments, [])
    const asked = await gateway.send(`/deployments/${id}`, { method: "DELETE" })
    const deleting = testCredential(asked.headers.get("www-authenticate") ?? "", "0xpayer")
    await gateway.send(`/deployments/${id}`, { method: "DELETE", headers: { authorization: deleting } })
    await same({ status: "deleted", url: null })
  })

  it("tells of a payment that never landed, and of no run", async () => {
    const gateway = makeGateway()
    gateway.payments.captures.push("reverted")
    await gateway.pay()
    const { deployments } = await list(gateway)
    assert.strictEqual(deployments.length, 1)
    assert.deepInclude(deployments[0], { status: "failed", charged: false })
  })

  it("asks for a proof, which is good for one page", async () => {
    const gateway = makeGateway()
    await deploy(gateway, "a")
    const asked = await gateway.send("/deployments")
    assert.strictEqual((await problem(asked)).code, "payment_required")
    const [, request] = /request="([^"]+)"/.exec(asked.headers.get("www-authenticate") ?? "") ?? []
    assert.deepInclude(JSON.parse(Buffer.from(request ?? "", "base64url").toString()), { amount: "0" })
    for (const payer of ["0xpayer", "0xnobody"]) {
      const headers = { authorization: await proof(gateway, payer) }
      const first = await gateway.send("/deployments", { headers })
      assert.strictEqual(first.status, 200)
      assert.strictEqual(first.headers.get("cache-control"), "private")
      assert.isNotNull(first.headers.get("payment-receipt"))
      const again = await problem(await gateway.send("/deployments", { headers }))
      assert.deepInclude(again, { status: 402, charged: false })
      assert.match(again.type, /invalid-challenge$/)
    }
    const id = await deploy(gateway, "b")
    const files = (await gateway.send(`/deployments/${id}/files`)).headers.get("www-authenticate") ?? ""
    const other = { headers: { authorization: testCredential(files, "0xpayer") } }
    assert.match((await problem(await gateway.send("/deployments", other))).type, /invalid-challenge$/)
    assert.strictEqual((await problem(await gateway.send("/deployments", { method: "POST" }))).status, 405)
  })

  it("pages through more than one answer holds, newest first, and refuses an invalid cursor", async () => {
    const gateway = makeGateway({ settings: { ...testSettings, MAX_LIVE_PER_PAYER: "1000" } })
    const made: Array<string> = []
    for (let count = 0; count <= PAGE_SIZE; count++) made.push(await deploy(gateway, `k${count}`))
    const first = await list(gateway)
    assert.strictEqual(first.deployments.length, PAGE_SIZE)
    assert.isNotNull(first.next)
    const last = await list(gateway, "0xpayer", `/deployments?before=${first.next}`)
    assert.strictEqual(last.deployments.length, 1)
    assert.isNull(last.next)
    const listed = [...first.deployments, ...last.deployments]
    assert.sameMembers(
      listed.map((one) => one["deployment_id"]),
      made
    )
    const times = listed.map((one) => Date.parse(String(one["created_at"])))
    assert.deepStrictEqual(
      times,
      times.toSorted((one, other) => other - one)
    )
    for (const cursor of ["x", "", "1-dep_A", `${first.next}%27`]) {
      const refused = await problem(await gateway.send(`/deployments?before=${cursor}`))
      assert.deepInclude(refused, { status: 400, code: "invalid_request" }, cursor)
    }
  }, 30_000)
})
