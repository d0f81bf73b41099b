import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { resolveLocalhost } from "../../../src/local/system/localhost.ts"
import { type Stack, startStack } from "../../../src/local/stack.ts"
import { runningStacks } from "../running-stacks.ts"
import { controlPlaneClient, temporaryDirectory, uploadForm, writeGateway } from "./support.ts"

const files = temporaryDirectory()
let stack: Stack
let api: ReturnType<typeof controlPlaneClient>

beforeAll(async () => {
  resolveLocalhost()
  stack = await startStack({
    gatewayPort: 0,
    sitesPort: 0,
    chainPort: 0,
    dir: join(files.path, "stack"),
    configPath: writeGateway(files.path),
    environment: {}
  })
  runningStacks.add(stack.dir)
  api = controlPlaneClient(stack.info.controlPlane, stack.info.controlPlaneToken)
})
afterAll(async () => {
  runningStacks.delete(stack.dir)
  await stack.stop()
  files[Symbol.dispose]()
})

let count = 0
/** Hosts a module unchanged, and returns its address. */
const host = async (code: string, name = `site-${++count}`): Promise<string> => {
  const { project, url } = (await api("POST", "projects", { name })).json
  const upload = await api("POST", `projects/${project.id}/deployments/upload`, uploadForm({ "index.js": code }))
  assert.strictEqual(upload.status, 201, upload.text)
  return url
}
/** Hosts a handler: the body of `fetch(request, env, ctx)`. */
const handler = (body: string) => host(`export default { async fetch(request, env, ctx) { ${body} } }`)
const get = async (url: string): Promise<string> => (await fetch(url)).text()

const kept = `new Response("kept", { headers: { "cache-control": "max-age=60", etag: '"one"' } })`

describe("a site's caches", () => {
  for (const [which, cache] of [
    ["caches.default", "caches.default"],
    ["caches.open", `await caches.open("mine")`]
  ] as const)
    it(`${which} keeps an answer until it is deleted`, async () => {
      const url = await handler(`
        const cache = ${cache}, key = "http://x.test/a"
        if (request.method === "DELETE") return Response.json([await cache.delete(key), await cache.delete(key)])
        const hit = await cache.match(key)
        if (hit) return new Response("hit " + await hit.text() + " " + hit.headers.get("etag"))
        await cache.put(key, ${kept})
        return new Response("miss")`)
      assert.deepStrictEqual([await get(url), await get(url)], ["miss", 'hit kept "one"'])
      assert.strictEqual(await (await fetch(url, { method: "DELETE" })).text(), "[true,false]")
      assert.strictEqual(await get(url), "miss")
    })

  it("belong to the site alone, even if another site uses the same name", async () => {
    const writes = await handler(`
      await caches.default.put("http://x.test/shared", ${kept})
      await (await caches.open("shared")).put("http://x.test/shared", ${kept})
      return new Response("written")`)
    assert.strictEqual(await get(writes), "written")
    const label = new URL(writes).hostname.split(".")[0]
    const reads = await handler(`
      const found = []
      for (const name of ["shared", "${label}", "${label}/shared", "../${label}"])
        found.push((await (await caches.open(name)).match("http://x.test/shared")) !== undefined)
      return Response.json([(await caches.default.match("http://x.test/shared")) !== undefined, ...found])`)
    assert.strictEqual(await get(reads), "[false,false,false,false,false]")
  })

  it("are separate by name", async () => {
    const url = await handler(`
      await (await caches.open("a")).put("http://x.test/", ${kept})
      const hits = [caches.default, await caches.open("a"), await caches.open("b")].map((cache) => cache.match("http://x.test/"))
      return Response.json((await Promise.all(hits)).map((hit) => hit !== undefined))`)
    assert.strictEqual(await get(url), "[false,true,false]")
  })

  it("accept and refuse the same calls as in production, with the runtime's messages", async () => {
    const url = await handler(`
      const outcome = (attempt) => attempt.then((value) => String(value), (cause) => cause.name + ": " + cause.message)
      const key = "http://x.test/"
      const cache = caches.default
      await cache.put(key, ${kept})
      return Response.json(await Promise.all([
        outcome(cache.put(new Request(key, { method: "POST" }), new Response("x"))),
        outcome(cache.put(key, new Response("x", { status: 206 }))),
        outcome(cache.put(key, new Response("x", { headers: { vary: "*" } }))),
        outcome(cache.put("not a url", new Response("x"))),
        outcome(cache.match(new Request(key, { method: "POST" }))),
        outcome(cache.match(new Request(key, { method: "POST" }), { ignoreMethod: true }).then(({ status }) => status)),
        outcome(cache.match(new Request(key, { headers: { "if-none-match": '"one"' } })).then(({ status }) => status)),
        outcome(cache.match(new Request(key, { headers: { range: "bytes=1-2" } })).then((hit) => hit.text()))
      ]))`)
    assert.deepStrictEqual<unknown>(JSON.parse(await get(url)), [
      "TypeError: Cannot cache response to non-GET request.",
      "TypeError: Cannot cache response to a range request (206 Partial Content).",
      "TypeError: Cannot cache response with 'Vary: *' header.",
      "TypeError: Invalid URL: not a url",
      "undefined",
      "200",
      "304",
      "ep"
    ])
  })

  it("work for code that has replaced the globals", async () => {
    const url = await handler(`
      for (const name of ["fetch", "Request", "JSON", "WeakMap", "encodeURIComponent"])
        globalThis[name] = () => { throw new Error(name + " is mine") }
      await caches.default.put("http://x.test/", ${kept})
      return new Response(await (await caches.default.match("http://x.test/")).text())`)
    assert.strictEqual(await get(url), "kept")
  })
})

describe("a site's code", () => {
  it("sees its uploaded variables and the origin of each request", async () => {
    const url = await handler(`return Response.json([Object.keys(env), request.cf.country, typeof request.cf.colo])`)
    assert.strictEqual(await get(url), '[["PROJECT_ID"],"US","string"]')
  })

  it("may be named entrypoints, classes and instances", async () => {
    const url = await host(`
      import { WorkerEntrypoint } from "cloudflare:workers"
      export class Other extends WorkerEntrypoint {}
      export default class extends WorkerEntrypoint { fetch() { return new Response("class " + Object.keys(this.ctx.exports).toSorted()) } }`)
    assert.strictEqual(await get(url), "class Other,default")
  })

  it("answers 500 if it throws after passThroughOnException", async () => {
    const url = await handler(`
      ctx.passThroughOnException()
      if (new URL(request.url).pathname === "/throws") throw new Error("boom")
      return new Response("ok")`)
    assert.strictEqual(await get(url), "ok")
    assert.strictEqual((await fetch(`${url}/throws`)).status, 500)
    assert.strictEqual(await get(url), "ok")
  })
})

describe("a site's network", () => {
  const seen: Array<IncomingMessage & { body?: string }> = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push(Object.assign(request, { body }))
      if (request.url === "/moved") response.writeHead(302, { location: "/here" })
      response.end(`you sent ${request.method} ${request.url} ${body}`)
    })
  })
  let outside: string
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    outside = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it("reaches every URL that this machine reaches, with method, headers and body", async () => {
    const url = await handler(
      `return fetch("${outside}/in", { method: "POST", headers: { "x-mine": "yes" }, body: await request.text() })`
    )
    const response = await fetch(url, { method: "POST", body: "hello" })
    assert.strictEqual(await response.text(), "you sent POST /in hello")
    assert.strictEqual(seen.at(-1)?.headers["x-mine"], "yes")
  })

  it("follows redirects unless the request says manual", async () => {
    const url = await handler(`
      const followed = await fetch("${outside}/moved")
      const manual = await fetch("${outside}/moved", { redirect: "manual" })
      return Response.json([await followed.text(), followed.redirected, manual.status])`)
    assert.strictEqual(await get(url), '["you sent GET /here ",true,302]')
  })

  it("reaches other sites by their addresses, and does not call itself endlessly", async () => {
    const other = await handler(`return new Response("other " + new URL(request.url).pathname)`)
    assert.strictEqual(await get(await handler(`return fetch("${other}/path")`)), "other /path")
    const self = await handler(`return fetch(request.url)`)
    const response = await fetch(self)
    assert.strictEqual(response.status, 500)
    assert.include(await response.text(), "cannot fetch from itself")
  })

  it("does not reach the stack's own endpoints", async () => {
    const url = await handler(`
      const [address, body] = await request.json()
      const answer = await fetch(address, body && { method: "POST", headers: { "content-type": "application/json" }, body })
      return new Response(answer.status + " " + (await answer.text()).slice(0, 500))`)
    const ask = async (address: string, body?: string) =>
      (await fetch(url, { method: "POST", body: JSON.stringify([address, body]) })).text()
    const call = (method: string) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] })
    assert.match(await ask(stack.info.rpc, call("eth_blockNumber")), /^200 .*"result":"0x/)
    for (const method of ["anvil_reset", "evm_setAutomine", "hardhat_reset", "anvil_nodeInfo", "eth_sendTransaction"])
      assert.match(await ask(stack.info.rpc, call(method)), /^200 .*"code":-32601/, method)
    assert.match(await ask(`${stack.info.controlPlane}/v1/projects`), /^401 /)
    assert.match(await ask(`http://127.0.0.1:${new URL(stack.info.sites).port}/ping`), /^404 /)
  })

  it("is missing during the start check before the payment", async () => {
    const started = (await (
      await fetch(`${stack.info.gateway}/check`, {
        method: "POST",
        body: JSON.stringify({
          mainModule: "a.js",
          compatibilityDate: "2026-07-01",
          compatibilityFlags: [],
          modules: { "a.js": `await fetch("${outside}/start"); export default { fetch() {} }` }
        })
      })
    ).json()) as { ok: boolean }
    assert.isFalse(started.ok)
    assert.isUndefined(seen.find(({ url }) => url === "/start"))
  })
})
