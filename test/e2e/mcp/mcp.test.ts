import { Challenge, Credential } from "mppx"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { poll } from "../../../src/local/system/poll.ts"
import { startTestStack, walletOn } from "../support.ts"
import { type Answer, connect, installInspector, post, type ToolResult } from "./support.ts"

let stack: Stack
let wallet: ReturnType<typeof walletOn>
let mcp: Awaited<ReturnType<typeof connect>>
let installing: ReturnType<typeof installInspector>
beforeAll(async () => {
  installing = installInspector()
  stack = await startTestStack()
  wallet = walletOn(stack)
  mcp = await connect(stack)
})
afterAll(async () => {
  await mcp?.client.close()
  ;(await installing).remove()
  await stack?.stop()
})

type Replayed = ToolResult & { readonly _meta?: Readonly<Record<string, unknown>> }

const files = (text: string) => ({
  "index.ts": `export default { fetch: () => (console.log("seen"), new Response("${text}")) }`
})
const earned = () => wallet.balance(stack.info.recipient)
const siteText = async (url: unknown) => (await fetch(String(url))).text()

describe("POST /mcp", () => {
  it("deploys, updates, reads, gives the source, logs, renews, runs and deletes for mppx's client, which knows the URL alone", async () => {
    const { client, call } = mcp
    // The client checks every result against the schemas of this list.
    const { tools } = await client.listTools()
    assert.deepStrictEqual(
      tools.map(({ name }) => name),
      ["deploy", "update", "renew", "delete", "status", "list", "files", "logs", "execute"]
    )
    const before = await earned()
    const deployed = await call("deploy", { files: files("first"), name: "by-mcp" })
    assert.isUndefined(deployed.isError, deployed.content[0]?.text)
    const { url, deployment_id } = deployed.structuredContent ?? {}
    assert.strictEqual(await siteText(url), "first")
    assert.match(deployed.receipt?.reference ?? "", /^0x[0-9a-f]{64}$/)
    assert.strictEqual((await earned()) - before, 100_000n)

    const updated = await call("update", { deployment_id, changes: files("second") })
    assert.strictEqual(updated.structuredContent?.["url"], url, updated.content[0]?.text)
    assert.strictEqual(await siteText(url), "second")
    const status = await call("status", { deployment_id })
    assert.strictEqual(status.structuredContent?.["status"], "live")
    const { structuredContent: listed } = await call("list", {})
    assert.deepStrictEqual(listed, { deployments: [status.structuredContent], next: null })

    const read = await call("files", { deployment_id })
    assert.deepStrictEqual(read.structuredContent?.["files"], files("second"), read.content[0]?.text)
    const if_match = read.structuredContent?.["etag"]
    assert.match(String(if_match), /^"[0-9a-f]{64}"$/)
    const matching = await call("update", { deployment_id, env: { NAME: "a value" }, if_match })
    assert.isUndefined(matching.isError, matching.content[0]?.text)
    const stale = await call("update", { deployment_id, changes: files("stale"), if_match: `"${"0".repeat(64)}"` })
    assert.deepInclude(JSON.parse(stale.content[0]?.text ?? ""), { code: "precondition_failed", etag: if_match })
    assert.strictEqual(await siteText(url), "second")

    const reading = call("logs", { deployment_id, seconds: 3 })
    const visits = setInterval(() => void siteText(url), 300)
    const { structuredContent: log } = await reading.finally(() => clearInterval(visits))
    assert.include(JSON.stringify(log?.["events"]), '"message":["seen"]')

    const renewed = await call("renew", { deployment_id })
    const hours =
      Date.parse(String(renewed.structuredContent?.["expires_at"])) -
      Date.parse(String(deployed.structuredContent?.["expires_at"]))
    assert.strictEqual(hours, 24 * 3_600_000)
    const executed = await call("execute", { code: "export const run = (n: number) => n + 1", input: 41 })
    assert.strictEqual(executed.structuredContent?.["result"], 42)
    assert.strictEqual((await earned()) - before, 210_000n)

    const deleted = await call("delete", { deployment_id })
    assert.strictEqual(deleted.structuredContent?.["status"], "deleted")
    const gone = await call("update", { deployment_id, files: files("third") })
    assert.isTrue(gone.isError)
    assert.deepInclude(JSON.parse(gone.content[0]?.text ?? ""), { code: "expired", charged: true })
  })

  it("makes one order of a call and of the HTTP request with the same bytes and key", async () => {
    const args = { files: files("once"), name: "one-order" }
    const key = crypto.randomUUID()
    const before = await earned()
    const byHttp = () =>
      wallet.fetch(`${stack.info.gateway}/deploy`, {
        method: "POST",
        body: JSON.stringify(args),
        headers: { "content-type": "application/json", "idempotency-key": key }
      })
    const byTool = async () => (await mcp.call("deploy", args, { "idempotency-key": key })) as Replayed
    const [called, requested] = await Promise.all([byTool(), byHttp()])
    assert.strictEqual(called.structuredContent?.["ttl_hours"], 24, called.content[0]?.text)
    assert.deepStrictEqual(await requested.json(), called.structuredContent)
    const later = await byHttp()
    assert.strictEqual(later.headers.get("idempotent-replayed"), "true")
    assert.deepStrictEqual(await later.json(), called.structuredContent)
    const again = await byTool()
    assert.strictEqual(again._meta?.["idempotent-replayed"], true)
    assert.deepStrictEqual(again.structuredContent, called.structuredContent)
    assert.strictEqual((await earned()) - before, 100_000n)
  })

  it("finishes an order whose client has cancelled its call and gone", async () => {
    const args = { files: files("cancelled") }
    const key = crypto.randomUUID()
    const before = await earned()
    const cancelled = new AbortController()
    const leaver = await connect(stack, () => {
      // The message arrives within some milliseconds, and the order takes longer.
      setTimeout(() => cancelled.abort(), 50)
      setTimeout(() => void leaver.client.close(), 100)
    })
    const params = { name: "deploy", arguments: args, _meta: { "idempotency-key": key } }
    const left = await leaver.client.callTool(params, undefined, { signal: cancelled.signal }).then(
      () => "answered",
      () => "left"
    )
    assert.strictEqual(left, "left")
    assert.isTrue(await poll(async () => (await earned()) - before === 100_000n, 20_000))
    const found = await mcp.call("deploy", args, { "idempotency-key": key })
    assert.strictEqual(await siteText(found.structuredContent?.["url"]), "cancelled")
    assert.strictEqual((await earned()) - before, 100_000n)
  })

  it("shows its tools and its price to the inspector", async () => {
    const { inspect } = await installing
    const listed = await inspect(stack, "tools/list")
    assert.strictEqual(listed.code, 0, listed.stderr)
    assert.lengthOf((JSON.parse(listed.stdout) as { readonly tools: [] }).tools, 9)
    const called = await inspect(
      stack,
      "tools/call",
      "--tool-name",
      "deploy",
      "--tool-arg",
      `files=${JSON.stringify(files("x"))}`
    )
    assert.notStrictEqual(called.code, 0)
    assert.include(called.stdout + called.stderr, "-32042")
  })

  it("answers a batch, a malformed and a 10 MB message as the protocol says", async () => {
    const call = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "deploy", arguments: { files: files("x") } }
    }
    const rows: ReadonlyArray<readonly [BodyInit, number, number]> = [
      [JSON.stringify([call, call]), 400, -32600],
      ["{", 400, -32700],
      [JSON.stringify(call).padEnd(10 * 1024 * 1024), 413, -32600]
    ]
    for (const [body, status, code] of rows) {
      const answer = await post(stack, body)
      assert.deepInclude(answer, { status })
      assert.strictEqual(answer.json.error?.code, code)
      assert.isNull(answer.json.id)
    }
    const asked: Answer = (await post(stack, JSON.stringify(call))).json
    assert.strictEqual(asked.error?.data?.challenges?.[0]?.request.amount, "100000")
  })

  it("asks again after a credential that is not valid, and says why", async () => {
    const paid = (credential: unknown) => {
      const _meta = { "org.paymentauth/credential": credential }
      const params = { name: "deploy", arguments: { files: files("x") }, _meta }
      return post(stack, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }))
    }
    const challenge = (await paid(undefined)).json.error?.data?.challenges?.[0]
    const changed = { ...challenge, id: "A".repeat(43) }
    const rows: ReadonlyArray<readonly [unknown, number]> = [
      ["no credential", -32602],
      [{ challenge: changed, payload: { type: "transaction", signature: "0x76" } }, -32043],
      [{ challenge, payload: { type: "transaction", signature: "0x76" } }, -32043]
    ]
    for (const [credential, code] of rows) {
      const { error } = (await paid(credential)).json
      assert.strictEqual(error?.code, code, error?.message)
      assert.lengthOf(error?.data?.challenges ?? [], 1)
      assert.notStrictEqual(error?.data?.challenges?.[0]?.id, challenge?.id)
    }
  })

  it("leads a credential that has paid to its answer, and does not call the order free", async () => {
    const args = { files: files("used") }
    const call = async (_meta: object) => {
      const params = { name: "deploy", arguments: args, _meta }
      return (await post(stack, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }))).json
    }
    const [challenge] = (await call({})).error?.data?.challenges ?? []
    const header = Challenge.serialize(challenge as unknown as Challenge.Challenge)
    const asked = new Response(null, { status: 402, headers: { "www-authenticate": header } })
    const credential = Credential.deserialize(await wallet.credential(asked))
    const paid = { "org.paymentauth/credential": credential }
    const before = await earned()
    const bought = await call(paid)
    const { error } = await call(paid)
    assert.strictEqual(error?.code, -32043)
    assert.notInclude(error?.message, "Nothing was charged")
    const [, key] = /"Idempotency-Key: (\w+)"/.exec(error?.message ?? "") ?? []
    const again = await call({ ...paid, "idempotency-key": key })
    assert.deepStrictEqual(again.result?.structuredContent, bought.result?.structuredContent)
    assert.strictEqual((await earned()) - before, 100_000n)
  })
})
