import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import type { serverJson } from "../../../src/api/discovery/server-json.ts"
import { MAX_MESSAGE_BYTES } from "../../../src/api/mcp/json-rpc.ts"
import { readLog } from "../../../src/api/mcp/read-log.ts"
import { makeGateway } from "../../support/gateway.ts"

interface Answer {
  readonly id: unknown
  readonly result?: Readonly<Record<string, unknown>> & {
    readonly content?: ReadonlyArray<{ readonly text: string }>
    readonly tools?: ReadonlyArray<
      Readonly<Record<string, object>> & { readonly name: string; readonly description: string }
    >
  }
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: Readonly<Record<string, unknown>>
  }
}

const gateway = makeGateway({ run: () => Effect.succeed({ ok: true as const, result: "5", durationMs: 1 }) })
const send = async (message: unknown, headers: Record<string, string> = {}) => {
  const body = typeof message === "string" ? message : JSON.stringify(message)
  const response = await gateway.post(body, headers, "/mcp")
  const text = await response.text()
  return { status: response.status, ...(text !== "" && (JSON.parse(text) as Answer)) }
}
const request = (method: string, params?: object) => ({ jsonrpc: "2.0", id: 7, method, ...(params && { params }) })
const call = (name: string, args: unknown, meta?: object) =>
  request("tools/call", { name, arguments: args, ...(meta && { _meta: meta }) })

/** The `_meta` and the headers of the version without a handshake. */
const modern = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {}
}
const modernHeaders = (method: string, name?: string) => ({
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": method,
  ...(name !== undefined && { "mcp-name": name })
})
const source = { files: { "index.ts": "export default {}" } }

describe("POST /mcp", () => {
  const large = JSON.stringify(call("deploy", source)).padEnd(MAX_MESSAGE_BYTES + 1)
  const rows: ReadonlyArray<readonly [what: string, message: unknown, status: number, code: number, id: unknown]> = [
    ["no JSON", "{", 400, -32700, null],
    ["no UTF-8 text", "", 400, -32700, null],
    ["a batch", [request("ping")], 400, -32600, null],
    ["an empty batch", [], 400, -32600, null],
    ["no object", "5", 400, -32600, null],
    ["another protocol", { id: 7, method: "ping" }, 400, -32600, 7],
    ["an id that is null", { ...request("ping"), id: null }, 400, -32600, null],
    ["params that are a list", { ...request("ping"), params: [] }, 400, -32600, 7],
    ["a message above the limit", large, 413, -32600, null],
    ["too deep a message", `${'{"a":'.repeat(600)}1${"}".repeat(600)}`, 400, -32600, null],
    ["an unknown method", request("resources/list"), 200, -32601, 7],
    ["the method of another version", request("server/discover"), 200, -32601, 7],
    ["an unknown tool", call("shutdown", {}), 200, -32602, 7],
    ["a tool without a name", request("tools/call"), 200, -32602, 7],
    ["arguments that are no object", call("deploy", [1]), 200, -32602, 7]
  ]
  for (const [what, message, status, code, id] of rows) {
    it(`answers ${code} to ${what}`, async () => {
      const answer = await send(message)
      assert.deepStrictEqual([answer.status, answer.error?.code, answer.id], [status, code, id])
    })
  }

  it("answers 202 to notifications and answers, and runs no tool that comes as a notification", async () => {
    const { id: _, ...notification } = call("deploy", source)
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } }
    const { challenge } = gateway.payments.calls
    for (const message of [cancelled, notification, { jsonrpc: "2.0", id: 1, result: {} }]) {
      assert.deepStrictEqual(await send(message), { status: 202 })
    }
    assert.strictEqual(gateway.payments.calls.challenge, challenge)
  })

  it("takes POST alone, and JSON alone", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await gateway.send("/mcp", { method })
      assert.strictEqual(response.status, 405)
      assert.strictEqual(response.headers.get("allow"), "POST")
    }
    const text = await send(request("ping"), { "content-type": "text/plain" })
    assert.deepStrictEqual([text.status, text.error?.code], [415, -32600])
  })

  it("agrees on the version of a handshake, and refuses a version that it does not serve", async () => {
    for (const [asked, agreed] of [
      ["2025-06-18", "2025-06-18"],
      ["2025-11-25", "2025-11-25"],
      ["2024-11-05", "2025-11-25"]
    ]) {
      const { result } = await send(request("initialize", { protocolVersion: asked }))
      assert.strictEqual(result?.["protocolVersion"], agreed)
      assert.deepStrictEqual(result?.["capabilities"], {
        tools: {},
        experimental: { payment: { methods: { tempo: { intents: ["charge"] } } } }
      })
    }
    assert.deepInclude(await send(request("ping"), { "mcp-protocol-version": "2025-06-18" }), { status: 200 })
    const refused = await send(request("ping"), { "mcp-protocol-version": "2025-03-26" })
    assert.deepStrictEqual([refused.status, refused.error?.code], [400, -32022])
    assert.deepInclude(refused.error?.data, { requested: "2025-03-26" })
  })

  it("serves the version without a handshake, whose headers must say what the body says", async () => {
    const discovered = await send(request("server/discover", { _meta: modern }), modernHeaders("server/discover"))
    assert.deepInclude(discovered.result, { supportedVersions: ["2026-07-28", "2025-11-25", "2025-06-18"] })
    const listed = await send(request("tools/list", { _meta: modern }), modernHeaders("tools/list"))
    assert.deepInclude(listed.result, { resultType: "complete", ttlMs: 300_000 })

    const deploy = call("deploy", source, modern)
    const named = await send(
      deploy,
      modernHeaders("tools/call", `=?base64?${Buffer.from("deploy").toString("base64")}?=`)
    )
    assert.strictEqual(named.error?.code, -32042)
    const wrong: ReadonlyArray<readonly [Record<string, string>, object, number]> = [
      [modernHeaders("tools/call"), deploy, -32020],
      [modernHeaders("tools/call", "delete"), deploy, -32020],
      [modernHeaders("tools/list", "deploy"), deploy, -32020],
      [{ ...modernHeaders("tools/call", "deploy"), "mcp-protocol-version": "2025-11-25" }, deploy, -32020],
      [{}, deploy, -32020],
      [modernHeaders("tools/call", "deploy"), call("deploy", source), -32020],
      [
        modernHeaders("tools/list"),
        request("tools/list", { _meta: { ...modern, "io.modelcontextprotocol/clientCapabilities": 1 } }),
        -32602
      ]
    ]
    for (const [headers, message, code] of wrong) {
      const answer = await send(message, headers)
      assert.deepStrictEqual([answer.status, answer.error?.code], [400, code])
    }
    const unknown = await send(request("initialize", { _meta: modern }), modernHeaders("initialize"))
    assert.deepStrictEqual([unknown.status, unknown.error?.code], [404, -32601])
  })

  it("lists the tools with the schemas of the API, each complete in itself", async () => {
    const { tools = [] } = (await send(request("tools/list"))).result ?? {}
    assert.deepStrictEqual(
      tools.map(({ name }) => name),
      ["deploy", "update", "renew", "delete", "status", "list", "files", "logs", "execute"]
    )
    for (const { name, description, inputSchema, outputSchema, annotations } of tools) {
      assert.match(description, /\.$/, name)
      assert.deepInclude(inputSchema, { type: "object", additionalProperties: false }, name)
      assert.deepInclude(outputSchema, { type: "object" }, name)
      assert.notInclude(JSON.stringify([inputSchema, outputSchema]), "#/components/", name)
      assert.sameMembers(Object.keys(annotations ?? {}), [
        "title",
        "readOnlyHint",
        "destructiveHint",
        "idempotentHint",
        "openWorldHint"
      ])
    }
    const [deploy] = tools
    assert.include(deploy?.description, "$0.10")
    const withoutRunner = makeGateway()
    const response = await withoutRunner.post(JSON.stringify(request("tools/list")), {}, "/mcp")
    assert.notInclude(await response.text(), '"name":"execute"')
  })

  it("gives problems of the API as results that are errors, for models to read", async () => {
    const problems: ReadonlyArray<readonly [string, object, string, object?]> = [
      ["deploy", { flies: {} }, "missing_files"],
      ["deploy", { ...source, nmae: "x" }, "invalid_request"],
      ["status", { deployment_id: "dep_unknown" }, "not_found"],
      ["status", {}, "invalid_request"],
      ["status", { deployment_id: "../health" }, "invalid_request"],
      ["status", { deployment_id: "dep_x", verbose: true }, "invalid_request"],
      ["list", { after: "x" }, "invalid_request"],
      ["list", { before: { no: "cursor" } }, "invalid_request"],
      ["list", { before: { toString: 1, valueOf: 1 } }, "invalid_request"],
      ["list", { before: null }, "invalid_request"],
      ["status", { deployment_id: "dep_x", "": 1 }, "invalid_request"],
      ["logs", { deployment_id: "dep_x", seconds: 3600 }, "invalid_request"],
      ["files", { deployment_id: "dep_x", path: "index.ts" }, "invalid_request"],
      ["update", { deployment_id: "dep_x", ...source, if_match: 5 }, "invalid_request"],
      ["update", { deployment_id: "dep_x", ...source, if_match: "a\nb" }, "invalid_request"],
      ["update", { deployment_id: "dep_x", ...source, if_match: "unquoted" }, "invalid_request"],
      ["deploy", source, "invalid_request", { "idempotency-key": "a\nb" }],
      ["deploy", source, "invalid_request", { "idempotency-key": 5 }],
      ["deploy", source, "header_too_large", { "org.paymentauth/credential": { payload: "x".repeat(70_000) } }]
    ]
    for (const [name, args, code, meta] of problems) {
      const { result } = await send(call(name, args, meta))
      assert.strictEqual(result?.["isError"], true, name)
      assert.notProperty(result, "structuredContent")
      assert.deepInclude(JSON.parse(result?.content?.[0]?.text ?? ""), { code, charged: false })
    }
    const overflowing = JSON.stringify(call("execute", { code: "x", input: 0 })).replace('"input":0', '"input":1e400')
    assert.include((await send(overflowing)).result?.content?.[0]?.text, "too large")
  })

  it("asks for a payment with the challenges of the HTTP API", async () => {
    const { error } = await send(call("deploy", source, { "idempotency-key": "my key" }))
    assert.strictEqual(error?.code, -32042)
    const challenges = error?.data?.["challenges"]
    const [challenge] = challenges as ReadonlyArray<{ readonly opaque: string; readonly request: object }>
    const header = await gateway.challengeFor(JSON.stringify(source), { "idempotency-key": "my key" })
    const opaqueOf = (text: string) => {
      const { nonce: _, ...binding } = JSON.parse(Buffer.from(text, "base64url").toString()) as { nonce: string }
      return binding
    }
    // The same operation, bytes, price and key.
    assert.deepStrictEqual(opaqueOf(challenge?.opaque ?? ""), opaqueOf(/opaque="([^"]+)"/.exec(header)?.[1] ?? ""))
    assert.deepInclude(challenge?.request, { amount: "100000" })
  })
})

describe("the log of a tool", () => {
  it("has the events that came whole, and why the log has ended", async () => {
    const text =
      ': connected\n\ndata: {"type":"event","n":1}\n\ndata: no JSON\n\nevent: end\ndata: {"reason":"over"}\n\ndata: {"n":'
    const log = await Effect.runPromise(readLog(new Response(text).body!, 1))
    assert.deepStrictEqual(log, { events: [{ type: "event", n: 1 }], ended: "over" })
  })

  it("leaves a stream that does not end", async () => {
    let left = false
    const stream = new ReadableStream<Uint8Array>({ cancel: () => void (left = true) })
    assert.deepStrictEqual(await Effect.runPromise(readLog(stream, 0.01)), { events: [] })
    assert.isTrue(left)
  })
})

describe("GET /server.json", () => {
  it("is what registries take: a reversed domain, a short description, the address", async () => {
    const entry = (await (await gateway.send("/server.json")).json()) as ReturnType<typeof serverJson>
    assert.match(entry.name, /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/)
    assert.strictEqual(entry.name, "test.gateway/mpp-compute")
    assert.isAtMost(entry.description.length, 100)
    assert.deepStrictEqual(entry.remotes, [{ type: "streamable-http", url: "http://gateway.test/mcp" }])
  })
})
