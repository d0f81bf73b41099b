import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../src/bundler/Bundler.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import { CodeRejected, ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const newer = JSON.stringify({ files: { "index.ts": "export default { fetch: newer }" } })
const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))
const refused = failsWith(new CodeRejected({ message: "boom at start" }))

const put = (gateway: Gateway, id: string, headers: Record<string, string> = {}, body: string | null = newer) =>
  gateway.send(`/deployments/${id}`, {
    method: "PUT",
    body,
    headers: { "content-type": "application/json", ...headers }
  })

const credentialFor = async (gateway: Gateway, id: string, payer = "0xpayer", body = newer) =>
  testCredential((await put(gateway, id, {}, body)).headers.get("www-authenticate") ?? "", payer)

const update = async (gateway: Gateway, id: string, options: { payer?: string; body?: string } = {}) =>
  put(
    gateway,
    id,
    { authorization: await credentialFor(gateway, id, options.payer, options.body) },
    options.body ?? newer
  )

const deployed = async (gateway: Gateway): Promise<Record<string, string> & { deployment_id: string }> =>
  (await gateway.pay()).json()

const uploads = (gateway: Gateway) => [...gateway.host.projects.values()].flatMap((project) => project.uploads)
const status = async (gateway: Gateway, id: string) =>
  (await gateway.send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

describe("an update", () => {
  it("serves newer code at the same URL until the same expiry, free", async () => {
    const gateway = makeGateway()
    const deployment = await deployed(gateway)
    const response = await update(gateway, deployment.deployment_id)
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepStrictEqual(await response.json(), deployment)
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.strictEqual(response.headers.get("cache-control"), "private")
    assert.strictEqual(uploads(gateway).length, 2)
    assert.strictEqual(gateway.host.projects.size, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.strictEqual(gateway.payments.calls.authorize, 1)
  })

  it("asks for a proof, and for no money", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    const response = await put(gateway, deployment_id)
    assert.strictEqual((await problem(response)).code, "payment_required")
    assert.strictEqual(response.headers.get("cache-control"), "no-store")
    const [, request] = /request="([^"]+)"/.exec(response.headers.get("www-authenticate") ?? "") ?? []
    assert.deepInclude(JSON.parse(Buffer.from(request ?? "", "base64url").toString()), { amount: "0" })
  })

  it("is allowed for the payer only", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    const answer = await problem(await update(gateway, deployment_id, { payer: "0xsomebody" }))
    assert.deepStrictEqual([answer.status, answer.code, answer.charged], [403, "forbidden", false])
    assert.strictEqual(uploads(gateway).length, 1)
  })

  it("of an unknown deployment gets a 404, with and without a proof", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    const unknown = `dep_${"0".repeat(26)}`
    for (const id of [unknown, "dep_nonsense"]) {
      const unproved = await put(gateway, id)
      assert.strictEqual((await problem(unproved)).code, "not_found")
      assert.strictEqual(unproved.headers.get("cache-control"), "no-store")
      const authorization = await credentialFor(gateway, deployment_id)
      assert.strictEqual((await problem(await put(gateway, id, { authorization }))).code, "not_found")
    }
  })

  it("accepts a proof for this deployment and this body only, and once", async () => {
    const gateway = makeGateway()
    const first = await deployed(gateway)
    const second = await deployed(gateway)
    const authorization = await credentialFor(gateway, first.deployment_id)
    const refusals = [
      await put(gateway, second.deployment_id, { authorization }),
      await put(gateway, first.deployment_id, { authorization }, newer.replace("newer", "other")),
      await gateway.post(newer, { authorization })
    ]
    for (const response of refusals) {
      assert.match((await problem(response)).type, /invalid-challenge$/)
      assert.isNotNull(response.headers.get("www-authenticate"))
    }
    assert.strictEqual((await put(gateway, first.deployment_id, { authorization })).status, 200)
    const again = await put(gateway, first.deployment_id, { authorization })
    assert.match((await problem(again)).type, /invalid-challenge$/)
    assert.isNotNull(again.headers.get("www-authenticate"))
    assert.strictEqual(uploads(gateway).length, 3)
  })

  it("runs once, however often it is sent at once", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    const authorization = await credentialFor(gateway, deployment_id)
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => put(gateway, deployment_id, { authorization }))
    )
    for (const response of responses) assert.strictEqual(response.status, 200, await response.clone().text())
    assert.strictEqual(uploads(gateway).length, 2)
  })

  it("changes nothing if it does not bundle", async () => {
    let broken = false
    const diagnostics = [{ file: "index.ts", line: 1, column: 2, text: "no" }]
    const bundle = testBundle({ main: "index.js", code: "" })
    const gateway = makeGateway({
      bundle: () => (broken ? Effect.fail(new BundleRejected({ diagnostics })) : Effect.succeed(bundle))
    })
    const { deployment_id } = await deployed(gateway)
    broken = true
    const answer = await problem(await update(gateway, deployment_id))
    assert.deepStrictEqual([answer.status, answer.code, answer.diagnostics], [422, "bundle_failed", diagnostics])
    assert.isTrue(answer.charged, "the deployment was")
    assert.match(answer.detail, /Updates are free\. The deployment is as it was\.$/)
    assert.strictEqual(uploads(gateway).length, 1)
    assert.strictEqual((await status(gateway, deployment_id)).status, "live")
    // The update's failure says nothing about the deploy's own body, which can still be bought again.
    broken = false
    assert.strictEqual((await gateway.pay()).status, 200)
  })

  it("replaces the compiler's warnings once it is live", async () => {
    let warnings = [{ file: "index.ts", line: 1, column: 2, text: "first", hint: "so" }]
    const gateway = makeGateway({
      bundle: () => Effect.succeed(testBundle({ main: "index.js", code: "", warnings }))
    })
    const { deployment_id } = await deployed(gateway)
    assert.deepStrictEqual((await status(gateway, deployment_id)).warnings, warnings)
    const first = warnings
    warnings = [{ file: "index.ts", line: 3, column: 4, text: "second", hint: "or so" }]
    gateway.host.next("upload", refused)
    assert.strictEqual((await update(gateway, deployment_id)).status, 502)
    assert.deepStrictEqual((await status(gateway, deployment_id)).warnings, first)
    assert.strictEqual((await update(gateway, deployment_id)).status, 200)
    assert.deepStrictEqual((await status(gateway, deployment_id)).warnings, warnings)
    warnings = []
    assert.strictEqual((await update(gateway, deployment_id)).status, 200)
    assert.deepStrictEqual((await status(gateway, deployment_id)).warnings, [])
  })

  it("leaves the old code serving and says so if the host refuses it", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    gateway.host.next("upload", refused)
    const answer = await problem(await update(gateway, deployment_id))
    assert.deepStrictEqual([answer.status, answer.code, answer.fault], [502, "deploy_failed", "code"])
    assert.notProperty(answer, "retry_after")
    const after = await status(gateway, deployment_id)
    assert.strictEqual(after.status, "live")
    assert.match(String(after.last_failure), /boom at start.*keeps serving/)
    assert.strictEqual((await update(gateway, deployment_id)).status, 200)
    assert.isNull((await status(gateway, deployment_id)).last_failure)
  })

  it("is kept and says so if the host cannot take it", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    gateway.host.next("upload", down)
    const response = await update(gateway, deployment_id)
    assert.strictEqual(response.headers.get("retry-after"), "2")
    const answer = await problem(response)
    assert.deepStrictEqual([answer.code, answer.fault], ["deploy_failed", "service"])
    assert.match(String(answer.status_url), /^http:\/\/gateway.test\/deployments\/dep_/)
    assert.strictEqual((await status(gateway, deployment_id)).status, "live")
  })

  it("replaces code that the host refused, without a charge", async () => {
    const gateway = makeGateway()
    gateway.host.next("upload", refused)
    const failed = await problem(await gateway.pay())
    const id = String(failed.deployment_id)
    assert.strictEqual((await status(gateway, id)).status, "failed")
    gateway.host.next("upload", refused)
    assert.strictEqual((await problem(await update(gateway, id))).fault, "code")
    const response = await update(gateway, id)
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.strictEqual((await status(gateway, id)).status, "live")
    assert.strictEqual(gateway.host.projects.size, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
    // The deploy's own body is no longer owed, so another payment buys another deploy.
    const { deployment_id } = await deployed(gateway)
    assert.notStrictEqual(deployment_id, id)
  })

  it("is checked like a deploy", async () => {
    const gateway = makeGateway()
    const { deployment_id } = await deployed(gateway)
    const authorization = await credentialFor(gateway, deployment_id)
    const answers: ReadonlyArray<readonly [Response, string]> = [
      [await put(gateway, deployment_id, {}, "{}"), "missing_files"],
      [await put(gateway, deployment_id, { authorization }, '{"files":{"../a":""}}'), "invalid_request"],
      [await put(gateway, deployment_id, { authorization }, null), "invalid_request"],
      [await put(gateway, deployment_id, { "content-type": "text/plain" }), "unsupported_media_type"],
      [await put(gateway, deployment_id, {}, "x".repeat(5_000_000)), "code_too_large"],
      [await put(gateway, deployment_id, { authorization: "Payment nonsense" }), "payment_required"],
      [await put(gateway, deployment_id, {}, null), "payment_required"]
    ]
    for (const [response, code] of answers) {
      const body = await problem(response)
      assert.deepStrictEqual([body.code, body.charged], [code, false])
    }
    const other = await gateway.send(`/deployments/${deployment_id}`, { method: "POST" })
    assert.strictEqual(other.headers.get("allow"), "GET, PUT, DELETE")
  })
})
