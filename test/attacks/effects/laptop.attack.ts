import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { secretKey } from "../../e2e/support.ts"
import { footprint } from "../footprint.ts"
import { filesBelow, foreignHosts, listeners, sendNoHost, type Sent, sendTo } from "../laptop-support.ts"
import { stack } from "../support.ts"

const { gateway, sites, rpc, controlPlane, controlPlaneToken } = stack.info
const hostOf = (base: string) => new URL(base).host
const portOf = (base: string) => new URL(base).port

const call = (method: string, params: ReadonlyArray<unknown> = []) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })
const json = { "content-type": "application/json" }
const asked = async (method: string): Promise<unknown> =>
  (
    JSON.parse(
      (await sendTo(rpc, { method: "POST", headers: { ...json, host: hostOf(rpc) }, body: call(method) })).text
    ) as { result: unknown }
  ).result

describe("ports", () => {
  it("listen on loopback only, and only those that stack.json names", () => {
    const own = listeners(stack.dir)
    assert.sameMembers([...own], [hostOf(gateway), `127.0.0.1:${portOf(sites)}`])
    // The launcher listens on the other two.
    for (const base of [rpc, controlPlane]) assert.strictEqual(new URL(base).hostname, "127.0.0.1")
  })

  for (const path of [
    "/json",
    "/json/list",
    "/json/version",
    "/ws",
    "/",
    "/inspector",
    "/__debug",
    "/devtools",
    "/cdn-cgi/",
    "/json/protocol"
  ])
    it(`serve no inspector at ${path}`, async () => {
      for (const base of [gateway, sites, rpc, controlPlane]) {
        const { text } = await sendTo(base, { path, headers: { host: hostOf(base).replace("localhost", "127.0.0.1") } })
        assert.notMatch(text, /webSocketDebuggerUrl|Debugger\./, base)
        const upgraded = await sendTo(base, {
          path,
          headers: {
            host: hostOf(base),
            connection: "upgrade",
            upgrade: "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="
          }
        })
        assert.notStrictEqual(upgraded.status, 101, base)
      }
    })
})

describe("a page in a browser cannot call the chain", () => {
  const own = hostOf(rpc)
  const post = { method: "POST", body: call("anvil_reset") }
  const variants: ReadonlyArray<readonly [string, Sent]> = [
    ...foreignHosts(portOf(rpc)).map((host) => [`Host "${host}"`, { ...post, headers: { ...json, host } }] as const),
    ...[
      "https://evil.example",
      "null",
      `http://${own}`,
      "http://localhost:3000",
      "file://",
      "chrome-extension://abc",
      "http://local-site.localhost"
    ].map((origin) => [`Origin ${origin}`, { ...post, headers: { ...json, host: own, origin } }] as const),
    ...[
      "text/plain",
      "text/plain;charset=UTF-8",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json-patch",
      "text/json",
      "",
      "application/jsonx, application/json"
    ].map((type) => [`content-type "${type}"`, { ...post, headers: { host: own, "content-type": type } }] as const),
    ...["cross-site", "same-site", "same-origin"].map(
      (site) =>
        [`Sec-Fetch-Site ${site}`, { ...post, headers: { ...json, host: own, "sec-fetch-site": site } }] as const
    ),
    ...["GET", "PUT", "OPTIONS", "DELETE", "PATCH", "HEAD"].map(
      (method) => [method, { ...post, method, headers: { ...json, host: own } }] as const
    )
  ]
  for (const [what, sent] of variants)
    it(`with ${what}`, async () => {
      const block = Number(await asked("eth_blockNumber"))
      const { status, text } = await sendTo(rpc, sent)
      assert.isTrue(status === 0 || (status >= 400 && status < 500), `${status} ${text}`)
      assert.isAtLeast(Number(await asked("eth_blockNumber")), block)
    })
})

describe("clients cannot rewrite the chain or make it call out", () => {
  const anotherChain = [{ forking: { jsonRpcUrl: "http://127.0.0.1:9/", blockNumber: 1 } }]
  for (const [method, params] of [
    ["anvil_reset", anotherChain],
    ["anvil_reset", []],
    ["hardhat_reset", anotherChain],
    ["anvil_setRpcUrl", ["http://127.0.0.1:9/"]],
    ["anvil_setBalance", ["0x0000000000000000000000000000000000000001", "0x1"]],
    ["hardhat_setBalance", ["0x0000000000000000000000000000000000000001", "0x1"]],
    ["anvil_mine", ["0x10"]],
    ["evm_mine", []],
    ["evm_increaseTime", [3600]],
    ["evm_setAutomine", [false]],
    ["evm_revert", ["0x0"]],
    ["anvil_dumpState", []],
    ["anvil_loadState", ["0x"]],
    ["debug_setHead", ["0x0"]],
    ["anvil_impersonateAccount", ["0x0000000000000000000000000000000000000001"]],
    ["eth_sendTransaction", [{ from: stack.info.recipient, to: stack.info.recipient, value: "0x0" }]],
    ["eth_sendUnsignedTransaction", [{ from: stack.info.recipient }]],
    ["eth_signTransaction", [{ from: stack.info.recipient }]],
    ["eth_sign", [stack.info.recipient, "0x00"]],
    ["personal_sign", ["0x00", stack.info.recipient]],
    ["ots_getApiLevel", []],
    ["ANVIL_RESET", []],
    [" anvil_reset", []],
    ["eth_\nanvil_reset", []],
    ["__proto__", []]
  ] as const)
    it(JSON.stringify(method), async () => {
      const [block, before] = [Number(await asked("eth_blockNumber")), await footprint()]
      for (const body of [call(method, params), `[${call("eth_chainId")},${call(method, params)}]`]) {
        const { text } = await sendTo(rpc, { method: "POST", headers: { ...json, host: hostOf(rpc) }, body })
        assert.include(text, "-32601")
      }
      const now = Number(await asked("eth_blockNumber"))
      assert.isTrue(now >= block && now < block + 100, `${block} → ${now}`)
      assert.deepStrictEqual(await footprint(), before)
    })

  for (const [what, body, status] of [
    ["no JSON", "anvil_reset", 400],
    ["a number", "1", 400],
    ["params that are no list", '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{"0":1}}', 400],
    ["more than 1 MiB", call("eth_call", ["x".repeat(1_100_000)]), 413]
  ] as const)
    it(`refuses a body of ${what}`, async () => {
      const answer = await sendTo(rpc, { method: "POST", headers: { ...json, host: hostOf(rpc) }, body })
      assert.include([status, 0], answer.status)
    })
})

describe("a page whose name resolves to this machine gets no answer", () => {
  for (const [what, base, sent] of [
    ["the gateway", gateway, { path: "/health" }],
    ["the hosting process", sites, { path: "/" }],
    [
      "the control plane",
      controlPlane,
      { path: "/v1/projects", headers: { authorization: `Bearer ${controlPlaneToken}` } }
    ]
  ] as ReadonlyArray<readonly [string, string, Sent]>)
    for (const host of foreignHosts(portOf(base)))
      it(`from ${what}, as "${host}"`, async () => {
        const { status, text } = await sendTo(base, { ...sent, headers: { ...sent.headers, host } })
        assert.isTrue(status === 403 || status === 400 || status === 0, `${status} ${text}`)
        assert.notInclude(text, '"configured"')
        assert.notInclude(text, '"projects"')
      })

  it("from any server, without a host name", async () => {
    for (const base of [gateway, sites.replace("localhost", "127.0.0.1"), rpc, controlPlane])
      assert.match(await sendNoHost(base), /^(HTTP\/1\.[01] (400|403) |$)/, base)
  })

  for (const origin of ["https://evil.example", "null", "http://local-site.localhost", gateway])
    it(`from the control plane, as a page of ${origin}`, async () => {
      const headers = { host: hostOf(controlPlane), origin, authorization: `Bearer ${controlPlaneToken}` }
      assert.strictEqual((await sendTo(controlPlane, { path: "/v1/projects", headers })).status, 403)
    })

  for (const name of [
    "MF-Original-URL",
    "MF-Route-Override",
    "MF-Original-Hostname",
    "MF-Proxy-Shared-Secret",
    "X-Forwarded-Host"
  ])
    it(`${name} changes neither the Worker that answers nor the address it sees`, async () => {
      for (const value of ["http://evil.example/", "jack-template", "runner", "host-filter"]) {
        const answer = await sendTo(gateway, { path: "/health", headers: { host: "evil.example", [name]: value } })
        assert.strictEqual(answer.status, 403, value)
        const own = await sendTo(gateway, { path: "/health", headers: { host: hostOf(gateway), [name]: value } })
        assert.include(own.text, '"configured"', value)
      }
    })
})

describe("the gateway serves none of the runtime's development endpoints", () => {
  for (const path of [
    "/cdn-cgi/handler/scheduled",
    "/cdn-cgi/handler/scheduled?cron=0+*+*+*+*",
    "/cdn-cgi/mf/scheduled",
    "/cdn-cgi/local/scheduled",
    "/cdn-cgi/local/email",
    "/cdn-cgi/local/explorer",
    "/cdn-cgi/local/explorer/api/",
    "/cdn-cgi/local/platform-proxy",
    "/cdn-cgi/handler/email",
    "/cdn-cgi/explorer/api",
    "/cdn-cgi/ProxyWorker/pause",
    "/__cf_local/stream",
    "/core/error",
    "/__scheduled",
    "/%2e/cdn-cgi/handler/scheduled"
  ])
    it(path, async () => {
      const before = await footprint()
      for (const base of [gateway, `http://127.0.0.1:${portOf(sites)}`])
        for (const method of ["GET", "POST"]) {
          const { status, text } = await sendTo(base, { method, path, headers: { host: hostOf(base), "mf-op": "GET" } })
          assert.isTrue(status >= 400 && status < 500, `${method} ${base} ${status} ${text}`)
        }
      assert.deepStrictEqual(await footprint(), before)
    })
})

describe("files with secrets", () => {
  const secrets = [secretKey, controlPlaneToken, controlPlaneToken.slice(4)]

  it("include no log, because logs contain no part of a secret", () => {
    for (const file of filesBelow(join(stack.dir, "logs"))) {
      const log = readFileSync(file, "utf8")
      for (const secret of secrets) assert.notInclude(log, secret.slice(0, 8), file)
      assert.notInclude(log, "env.MPP_SECRET_KEY", file)
    }
  })

  it("are readable by their owner only, like their folder", () => {
    assert.strictEqual(statSync(stack.dir).mode & 0o077, 0)
    const holding = filesBelow(stack.dir).filter((file) => {
      const bytes = readFileSync(file)
      return secrets.some((secret) => bytes.includes(secret))
    })
    assert.isAbove(holding.length, 0)
    for (const file of holding) assert.strictEqual(statSync(file).mode & 0o077, 0, file)
  })
})
