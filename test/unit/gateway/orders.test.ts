import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { SlugTaken } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith, losesItsAnswer } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, helloBody, makeGateway, problem, testSettings } from "../../support/gateway.ts"

describe("a deploy", () => {
  it("continues when its client disconnects", async () => {
    const gateway = makeGateway()
    const authorization = testCredential(await gateway.challengeFor(), "0xpayer")
    const gone = new AbortController()
    const answer = gateway.send("/deploy", {
      method: "POST",
      body: helloBody,
      headers: { "content-type": "application/json", authorization },
      signal: gone.signal
    })
    gone.abort()
    await deployment(await answer)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("answers the four fields and a receipt", async () => {
    const gateway = makeGateway()
    const response = await gateway.pay()
    const body = await deployment(response)
    assert.deepStrictEqual(Object.keys(body), ["url", "deployment_id", "expires_at", "ttl_hours"])
    assert.strictEqual(body.url, "https://tester-my-api.runjack.test")
    assert.strictEqual(body.ttl_hours, 24)
    assert.match(body.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.closeTo(Date.parse(body.expires_at), Date.now() + 86_400_000, 5_000)
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.strictEqual(response.headers.get("cache-control"), "private")
    const [project] = [...gateway.host.projects.values()]
    assert.strictEqual(project?.name, `mpp-compute ${body.deployment_id}`)
    assert.strictEqual(project?.tags[0], "mpp-compute")
    assert.deepStrictEqual([...gateway.expiry.entries.keys()], [`deploy:${project?.id}`])
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("has a status from the capture on", async () => {
    const gateway = makeGateway()
    const { deployment_id, url, expires_at } = await deployment(await gateway.pay())
    const status = await gateway.send(`/deployments/${deployment_id}`)
    assert.strictEqual(status.headers.get("cache-control"), "no-store")
    const { created_at, updated_at, verified_at, ...rest } = (await status.json()) as Record<string, string>
    const live = {
      deployment_id,
      url,
      status: "live",
      expires_at,
      charged: true,
      taken_down: null,
      report_url: "/reports",
      last_failure: null,
      warnings: [],
      lock: {}
    }
    assert.deepStrictEqual<object>(rest, live)
    assert.strictEqual(Date.parse(expires_at) - Date.parse(updated_at ?? ""), 86_400_000)
    assert.isAtMost(Date.parse(created_at ?? ""), Date.parse(updated_at ?? ""))
    assert.isAtMost(Date.parse(updated_at ?? ""), Date.parse(verified_at ?? ""))
  })

  it("gets a random slug without a name", async () => {
    const gateway = makeGateway()
    const { url } = await deployment(await gateway.pay({ body: '{"files":{"a.ts":""}}' }))
    assert.match(url, /^https:\/\/tester-app-[0-9a-z]{6}\.runjack\.test$/)
  })

  it("shows nothing of its id in the URL, so that nobody can compute the id", async () => {
    const gateway = makeGateway()
    const suffixes = new Set<string>()
    for (let count = 0; count < 20; count++) {
      const { url, deployment_id } = await deployment(await gateway.pay({ body: `{"files":{"${count}.ts":""}}` }))
      const suffix = /app-([0-9a-z]{6})\./.exec(url)?.[1] ?? ""
      suffixes.add(suffix)
      assert.notInclude(deployment_id, suffix)
    }
    assert.strictEqual(suffixes.size, 20)
  })

  it("takes another slug if its slug is taken, and leaves the other project alone", async () => {
    const gateway = makeGateway()
    const other = gateway.host.seed({ slug: "my-api", name: "somebody else's" })
    const { url } = await deployment(await gateway.pay())
    assert.match(url, /^https:\/\/tester-my-api-[0-9a-f]{5}\.runjack\.test$/)
    assert.deepStrictEqual(gateway.host.projects.get(other.id), other)
  })

  it("recognizes its project if the answer to the create was lost", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", losesItsAnswer)
    const failed = await problem(await gateway.pay({ headers: { "idempotency-key": "k" } }))
    assert.strictEqual(failed.code, "deploy_failed")
    const body = await deployment(await gateway.pay({ headers: { "idempotency-key": "k" } }))
    assert.strictEqual(body.deployment_id, failed.deployment_id)
    assert.strictEqual(gateway.host.projects.size, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("deletes its own failed project and takes another slug", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", gateway.host.leaves("error"))
    await gateway.pay({ headers: { "idempotency-key": "k" } })
    const { url } = await deployment(await gateway.pay({ headers: { "idempotency-key": "k" } }))
    assert.match(url, /my-api-[0-9a-f]{5}/)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("creates its project again if it was deleted before the upload", async () => {
    const gateway = makeGateway()
    gateway.host.next("upload", (call) =>
      Effect.andThen(
        Effect.sync(() => gateway.host.projects.clear()),
        call
      )
    )
    const failed = await problem(await gateway.pay({ headers: { "idempotency-key": "k" } }))
    assert.strictEqual(failed.code, "deploy_failed")
    await deployment(await gateway.pay({ headers: { "idempotency-key": "k" } }))
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("pauses if every slug is taken", async () => {
    const gateway = makeGateway()
    const taken = failsWith(new SlugTaken({ slug: "my-api" }))
    gateway.host.next("create", taken, taken, taken, taken, taken)
    const body = await problem(await gateway.pay())
    assert.deepStrictEqual([body.code, body.fault], ["deploy_failed", "service"])
  })

  it("goes live even if the index cannot be written", async () => {
    const gateway = makeGateway()
    gateway.expiry.available = false
    await deployment(await gateway.pay())
  })
})

describe("the gateway", () => {
  it("names the missing settings", async () => {
    const health = await makeGateway({ settings: {} }).send("/health")
    assert.strictEqual(health.status, 200)
    assert.deepStrictEqual(await health.json(), {
      status: "not_configured",
      configured: false,
      missing: ["MPP_SECRET_KEY", "REALM", "TEMPO_RECIPIENT", "CONTROL_PLANE_TOKEN"],
      start_check: false,
      resources: ["kv", "d1", "durable_objects", "assets", "secrets", "modules"],
      asset_limit_bytes: 2_097_152
    })
    const offered = { RESOURCES: "r2, kv", ASSET_LIMIT: "1000" }
    const narrowed = await makeGateway({ settings: { ...testSettings, ...offered } }).send("/health")
    const { resources, asset_limit_bytes } = (await narrowed.json()) as Record<string, unknown>
    assert.deepStrictEqual([resources, asset_limit_bytes], [["kv", "r2", "secrets", "modules"], 1000])
  })

  it("lets browsers call it and read its headers", async () => {
    const { send, post } = makeGateway()
    const preflight = await send("/deploy", {
      method: "OPTIONS",
      headers: { origin: "https://x.test", "access-control-request-method": "POST" }
    })
    assert.strictEqual(preflight.status, 204)
    assert.strictEqual(preflight.headers.get("access-control-allow-origin"), "*")
    const response = await post(helloBody, { origin: "https://x.test" })
    assert.match(response.headers.get("access-control-expose-headers") ?? "", /www-authenticate/i)
  })

  it("answers HEAD as GET, without the body", async () => {
    const response = await makeGateway().send("/health", { method: "HEAD" })
    assert.deepStrictEqual([response.status, await response.text()], [200, ""])
    assert.strictEqual((await makeGateway().send("/deploy", { method: "HEAD" })).status, 405)
  })

  it("describes itself and every answer", async () => {
    const document = (await (await makeGateway().send("/openapi.json")).json()) as {
      paths: Record<string, Record<string, { responses: object }>>
    }
    const codes = Object.keys(document.paths["/deploy"]?.post?.responses ?? {})
    assert.deepStrictEqual(codes, [
      "200",
      "400",
      "402",
      "403",
      "409",
      "410",
      "413",
      "415",
      "422",
      "429",
      "431",
      "500",
      "502",
      "503"
    ])
  })

  it("asks the payment service only for a challenge before it is paid", async () => {
    const { post, payments, host } = makeGateway()
    await post()
    assert.deepStrictEqual(payments.calls, { challenge: 1, verify: 0, authorize: 0, capture: 0, find: 0 })
    assert.deepStrictEqual(host.calls, [])
  })
})
