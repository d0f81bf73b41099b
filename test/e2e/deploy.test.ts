import { join } from "node:path"
import { Receipt } from "mppx"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fixture, fresh, postTo, run, startTestStack, walletOn } from "./support.ts"

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

const price = 100_000n

interface Deployment {
  readonly url: string
  readonly deployment_id: string
  readonly expires_at: string
  readonly ttl_hours: number
}

const deploy = async (body: string, headers: Record<string, string> = {}) => {
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers }
  })
  assert.strictEqual(response.status, 200, await response.clone().text())
  return { response, deployment: (await response.json()) as Deployment }
}

const projects = async (): Promise<ReadonlyArray<{ id: string; name: string; slug: string }>> => {
  const response = await fetch(`${stack.info.controlPlane}/v1/projects`, {
    headers: { authorization: `Bearer ${stack.info.controlPlaneToken}` }
  })
  return ((await response.json()) as { projects: [] }).projects
}

const get = async (url: string) => (await fetch(url)).text()

describe("a paid deploy", () => {
  it("answers a live URL to the stock command line client", async () => {
    const before = { payer: await wallet.balance(), recipient: await wallet.balance(stack.info.recipient) }
    const { code, stdout, stderr } = await run(
      "mppx",
      [`${stack.info.gateway}/deploy`, "-J", fixture("hono-api"), "--rpc-url", stack.info.rpc, "-s"],
      { MPPX_PRIVATE_KEY: stack.info.payerPrivateKey }
    )
    assert.strictEqual(code, 0, stdout + stderr)
    const deployment = JSON.parse(stdout.slice(stdout.indexOf("{"))) as Deployment
    assert.deepStrictEqual(Object.keys(deployment), ["url", "deployment_id", "expires_at", "ttl_hours"])
    assert.strictEqual(deployment.ttl_hours, 24)
    assert.closeTo(Date.parse(deployment.expires_at), Date.now() + 86_400_000, 10_000)
    assert.strictEqual(await get(deployment.url), '{"hello":"world"}')

    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before.recipient, price)
    const fee = before.payer - (await wallet.balance()) - price
    assert.isTrue(fee >= 0n && fee < price, `a network fee of ${fee}`)

    const project = (await projects()).find(({ name }) => name === `mpp-compute ${deployment.deployment_id}`)
    const kv = `kv key get deploy:${project?.id} --binding EXPIRY --local --text`.split(" ")
    const config = ["--config", join(stack.dir, "gateway", "wrangler.json")]
    const state = ["--persist-to", join(stack.dir, "gateway", "state")]
    const { stdout: entry, stderr: trouble } = await run("wrangler", [...kv, ...config, ...state])
    assert.include(entry, deployment.deployment_id, trouble)
  })

  it("answers a live URL and a receipt of the chain to the stock client in code", async () => {
    const before = await wallet.balance(stack.info.recipient)
    const { response, deployment } = await deploy(fresh("plain-js"))
    assert.strictEqual(await get(`${deployment.url}/some/path`), "hi /some/path")
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, price)
    assert.strictEqual(response.headers.get("cache-control"), "private")
    const { reference, status } = Receipt.fromResponse(response)
    assert.strictEqual(status, "success")
    const rpc = await fetch(stack.info.rpc, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getTransactionReceipt", params: [reference] })
    })
    assert.strictEqual(((await rpc.json()) as { result: { status: string } }).result.status, "0x1")
  })

  it("serves several files, text and JSON among them", async () => {
    const { deployment } = await deploy(fresh("multi-file"))
    assert.deepStrictEqual(JSON.parse(await get(deployment.url)), {
      routes: ["/notes", "/health"],
      greeting: "hello",
      empty: ""
    })
    assert.match(deployment.url, /local-notes-api/)
  })

  it("serves JSX", async () => {
    const { deployment } = await deploy(fresh("jsx-page"))
    assert.strictEqual(await get(`${deployment.url}?name=you`), "<h1>Hello you</h1>")
  })

  it("has the status live", async () => {
    const { deployment } = await deploy(fresh("plain-js"))
    const { deployment_id, url, expires_at } = deployment
    const status = await fetch(`${stack.info.gateway}/deployments/${deployment_id}`)
    const live = { deployment_id, url, status: "live", expires_at, charged: true, last_failure: null, warnings: [] }
    const answer = (await status.json()) as Record<"updated_at" | "verified_at", string>
    assert.deepInclude<object>(answer, live)
    assert.isAtLeast(Date.parse(answer.verified_at), Date.parse(answer.updated_at))
  })

  it("answers the same again to the same key, without a charge", async () => {
    const body = fresh("plain-js")
    const headers = { "idempotency-key": crypto.randomUUID() }
    const first = await deploy(body, headers)
    const before = await wallet.balance(stack.info.recipient)
    const again = await deploy(body, headers)
    assert.deepStrictEqual(again.deployment, first.deployment)
    assert.isNull(first.response.headers.get("idempotent-replayed"))
    assert.strictEqual(again.response.headers.get("idempotent-replayed"), "true")
    assert.strictEqual(await wallet.balance(stack.info.recipient), before)
  })

  it("charges one credential once and creates one project when it is sent 20 times at once", async () => {
    const body = fresh("plain-js")
    const post = postTo(stack)
    const authorization = await wallet.credential(await post(body))
    const before = { recipient: await wallet.balance(stack.info.recipient), projects: (await projects()).length }
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => (await post(body, { authorization })).text())
    )
    assert.strictEqual(new Set(answers).size, 1, answers.join("\n"))
    assert.include(answers[0], "deployment_id")
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before.recipient, price)
    assert.strictEqual((await projects()).length - before.projects, 1)
  })
})

describe("a deploy that does not go live costs nothing", () => {
  const refused: ReadonlyArray<readonly [name: string, status: number, code: string, message: RegExp]> = [
    ["bad-syntax", 422, "bundle_failed", /index\.ts/],
    ["missing-import", 422, "bundle_failed", /nowhere/],
    ["no-default-export", 422, "bundle_failed", /default/],
    ["throws-at-start", 422, "bundle_failed", /boom at start/],
    ["no-files", 400, "missing_files", /files/],
    ["empty-files", 400, "missing_files", /files/],
    ["not-strings", 400, "missing_files", /files/]
  ]
  for (const [name, status, code, message] of refused) {
    it(`answers ${status} ${code} for ${name}`, async () => {
      const before = await wallet.balance(stack.info.recipient)
      const payer = await wallet.balance()
      const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
        method: "POST",
        body: fixture(name),
        headers: { "content-type": "application/json" }
      })
      const body = (await response.json()) as { code: string; charged: boolean; diagnostics?: ReadonlyArray<unknown> }
      assert.deepStrictEqual([response.status, body.code, body.charged], [status, code, false])
      assert.match(JSON.stringify(body), message)
      assert.isNull(response.headers.get("payment-receipt"))
      assert.strictEqual(await wallet.balance(stack.info.recipient), before)
      assert.strictEqual(await wallet.balance(), payer)
    })
  }
})
