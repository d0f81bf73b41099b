import { readFileSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { filesIn, findCanaries, findCanariesIn, makeCanary } from "../../support/canaries.ts"
import { missedIn, placesIn, plantCanary } from "./plant-canaries.ts"
import { startTestStack, walletOn } from "../support.ts"
import { startCollector, type TestCollector } from "../../support/otlp/collector.ts"
import { testTelemetry } from "../telemetry/telemetry.ts"

let stack: Stack
let collector: TestCollector
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  collector = await startCollector()
  stack = await startTestStack({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  wallet = walletOn(stack)
})
afterAll(async () => {
  await stack?.stop()
  await collector?.stop()
})

testTelemetry(() => ({ stack, collector }))

const secrets = Array.from({ length: 6 }, makeCanary)
const [live, newer, thrown, misnamed, refused, planted] = secrets as [string, string, string, string, string, string]
const answers: Array<string> = []

/** Calls the gateway as the stock client does, and records the answer with its headers. */
const call = async (method: string, path: string, body?: unknown) => {
  const response = await wallet.fetch(`${stack.info.gateway}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } })
  })
  const text = await response.text()
  answers.push(JSON.stringify([...response.headers]), text)
  return { status: response.status, body: JSON.parse(text) as Record<string, string> }
}

const site = 'export default { fetch: () => new Response("ok") }'
const files = { "index.ts": site }

/** Telemetry leaves a second after the answer. */
const untilSent = () => new Promise((resolve) => setTimeout(resolve, 2500))

const found = () => [
  ...placesIn(stack.dir).flatMap((place) => findCanariesIn(place, secrets)),
  ...findCanaries("an answer", answers.join("\n"), secrets),
  ...findCanaries("the telemetry", collector.intake.join("\n"), secrets)
]

describe("secrets in env", () => {
  it("are in no answer, log, database, KV or telemetry after deploys, updates and failures", async () => {
    const deployed = await call("POST", "/deploy", { files, env: { API_KEY: live } })
    assert.strictEqual(deployed.status, 200, JSON.stringify(deployed.body))
    const path = `/deployments/${deployed.body["deployment_id"]}`
    const updated = await call("PUT", path, { env: { API_KEY: newer, OTHER: live } })
    assert.strictEqual(updated.status, 200, JSON.stringify(updated.body))
    assert.strictEqual((await call("GET", path)).status, 200)

    const throws = `import { env } from "cloudflare:workers"\nthrow new Error(env.API_KEY + btoa(encodeURIComponent(env.API_KEY)))\n${site}`
    const failed = await call("POST", "/deploy", { files: { "index.ts": throws }, env: { API_KEY: thrown } })
    assert.deepStrictEqual([failed.status, failed.body["code"]], [422, "bundle_failed"])
    const failedUpdate = await call("PUT", path, { files: { "index.ts": throws }, env: { API_KEY: thrown } })
    assert.deepStrictEqual([failedUpdate.status, failedUpdate.body["code"]], [422, "bundle_failed"])

    assert.strictEqual((await call("POST", "/deploy", { files, env: { [misnamed]: "x" } })).status, 400)
    assert.strictEqual((await call("POST", "/deploy", { files, env: { A: refused.repeat(100) } })).status, 400)
    assert.strictEqual((await call("POST", "/deploy", { files, env: { A: refused }, evn: refused })).status, 400)

    // The database of the order's object is among the files that are searched.
    const databases = filesIn(placesIn(stack.dir)[0]!).filter((file) => /\.sqlite(-wal)?$/.test(file))
    const named = databases.filter((file) => findCanaries(file, readFileSync(file), ["API_KEY"]).length > 0)
    assert.isAbove(named.length, 0, "no database has the secret's name, so that none has its value either")
    await untilSent()
    assert.deepStrictEqual(found(), [])
  })

  it("would be found in each of these places", async () => {
    const control = await plantCanary(stack.dir, planted)
    const deployed = await call("POST", "/deploy", { files: control.files })
    assert.strictEqual(deployed.status, 200, JSON.stringify(deployed.body))
    answers.push(control.answer)
    collector.intake.push(control.answer)
    const leaks = found()
    assert.deepStrictEqual(missedIn(leaks), [], leaks.join("\n"))
    assert.isTrue(leaks.some((leak) => leak.endsWith("in the telemetry")))
    assert.isTrue(leaks.every((leak) => leak.startsWith(`secret ${secrets.indexOf(planted)} `)))
  })
})
