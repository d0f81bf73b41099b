import { assert, describe, it } from "vitest"
import { formOf, get, type Project, useHost, worker } from "./support.ts"

const { api, controlPlane, create, hosting, put } = useHost(1500)

/** `add(a, b)`, as WebAssembly. */
const adder = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1,
  7, 0, 32, 0, 32, 1, 106, 11
])
const kv = { kv: [{ binding: "KV" }] }

/** Sites with and without resources run in different ways; both take the same code. */
const ways = [
  ["in a process of its own", kv],
  ["with the Worker Loader", {}]
] as const

for (const [way, bindings] of ways)
  describe(`code ${way}`, () => {
    it("has its modules: js, mjs, wasm, and json as bytes", async () => {
      const { id, url } = await create()
      const imports = `
        import add from "./add.wasm"
        import { one } from "./lib/one.mjs"
        import bytes from "./data.json"
        const instance = new WebAssembly.Instance(add)`
      const files = {
        "index.js": worker(
          `return Response.json([instance.exports.add(one, 2), new TextDecoder().decode(bytes)])`,
          imports
        ),
        "add.wasm": adder,
        "lib/one.mjs": "export const one = 1",
        "data.json": "[4]",
        "notes.txt": "dropped"
      }
      await put(id, { files, bindings })
      assert.strictEqual(await get(url), '[3,"[4]"]')
    })

    it("has its variables and secrets, and PROJECT_ID", async () => {
      const { id, url } = await create()
      const project: Project = {
        files: { "index.js": worker("return Response.json([env.PROJECT_ID, env.GREETING, env.KEY, env.LATER])") },
        bindings: { ...bindings, vars: { GREETING: "hi" } },
        secrets: { KEY: "secret" }
      }
      await put(id, project)
      assert.strictEqual(await get(url), JSON.stringify([id, "hi", "secret", null]))
      const set = await api("POST", `projects/${id}/secrets`, { name: "LATER", value: "too" })
      assert.strictEqual(set.status, 201)
      assert.strictEqual(await get(url), JSON.stringify([id, "hi", "secret", "too"]))
      const listed = (await api("GET", `projects/${id}/secrets`)).json as unknown
      assert.deepStrictEqual(listed, { secrets: [{ name: "KEY" }, { name: "LATER" }] })
      assert.strictEqual((await api("DELETE", `projects/${id}/secrets/KEY`)).status, 200)
      assert.strictEqual(await get(url), JSON.stringify([id, "hi", null, "too"]))
      // An upload takes the secrets of the one before away.
      await put(id, project)
      assert.strictEqual(await get(url), JSON.stringify([id, "hi", "secret", null]))
    })

    it("reaches other sites by their names and not itself, and is seen as it is", async () => {
      const other = await create()
      await put(other.id, {
        files: { "index.js": worker("return new Response('other ' + url.host + url.pathname)") },
        bindings: kv
      })
      const { id, url } = await create()
      const code = worker(`
        if (url.pathname === "/self") return fetch(request.url)
        return Response.json([await (await fetch("${other.url}/path")).text(), url.href, request.cf.country])`)
      await put(id, { files: { "index.js": code }, bindings })
      const { host } = new URL(other.url)
      assert.deepStrictEqual<unknown>(JSON.parse(await get(`${url}/?q=1`)), [`other ${host}/path`, `${url}/?q=1`, "US"])
      assert.include(await get(`${url}/self`), "cannot fetch from itself")
    })

    it("has WebSockets, and the environment when it starts", async () => {
      const { id, url } = await create()
      const code = worker(
        `const { 0: client, 1: server } = new WebSocketPair()
        server.accept()
        server.addEventListener("message", ({ data }) => server.send(project + " " + data))
        return new Response(null, { status: 101, webSocket: client })`,
        `import { env } from "cloudflare:workers"; const project = env.PROJECT_ID.slice(0, 5)`
      )
      await put(id, { files: { "index.js": code }, bindings })
      const socket = new WebSocket(url.replace("http", "ws"))
      const answer = new Promise((resolve, reject) => {
        socket.addEventListener("message", ({ data }) => resolve(data))
        socket.addEventListener("error", reject)
      })
      socket.addEventListener("open", () => socket.send("hello"))
      assert.strictEqual(await answer, "proj_ hello")
      socket.close()
    })

    it("answers 500 with its own errors, streams, and takes large bodies", async () => {
      const { id, url } = await create()
      const code = worker(`
        if (url.pathname === "/throws") throw new Error("mine")
        if (request.method === "POST") return new Response(String((await request.arrayBuffer()).byteLength))
        const { readable, writable } = new TransformStream()
        ctx.waitUntil((async () => {
          const writer = writable.getWriter()
          for (const part of ["a", "b"]) { await writer.write(new TextEncoder().encode(part)); await scheduler.wait(50) }
          await writer.close()
        })())
        return new Response(readable, { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] })`)
      await put(id, { files: { "index.js": code }, bindings })
      const thrown = await fetch(`${url}/throws`)
      assert.deepStrictEqual(
        [thrown.status, await thrown.json()],
        [500, { error: "worker_threw_exception", message: "mine" }]
      )
      const streamed = await fetch(url)
      assert.deepStrictEqual([streamed.headers.getSetCookie(), await streamed.text()], [["a=1", "b=2"], "ab"])
      assert.strictEqual(await get(url, { method: "POST", body: new Uint8Array(3_000_000) }), "3000000")
      const head = await fetch(url, { method: "HEAD" })
      assert.strictEqual(head.status, 200)
    })
  })

describe("a site's own process", () => {
  it("freezes nothing else, and comes back", async () => {
    const [spinning, calm, loaded] = [await create(), await create(), await create()]
    await put(spinning.id, {
      files: { "index.js": worker("while (url.pathname === '/spin') {} return new Response('fine')") },
      bindings: kv
    })
    await put(calm.id, { files: { "index.js": worker("return new Response('calm')") }, bindings: kv })
    await put(loaded.id, { files: { "index.js": worker("return new Response('loaded')") } })
    for (const { url } of [spinning, calm, loaded]) await get(url)
    const restarts = hosting().restarts()
    let isSpinning = true
    const spin = get(`${spinning.url}/spin`)
      .catch(() => "cut")
      .finally(() => (isSpinning = false))
    assert.deepStrictEqual([await get(calm.url), await get(loaded.url)], ["calm", "loaded"])
    assert.isTrue(isSpinning)
    assert.strictEqual(await spin, "cut")
    assert.strictEqual(await get(spinning.url), "fine")
    assert.strictEqual(hosting().restarts(), restarts + 1)
  })

  it("ends when nobody asks for it, and starts again", async () => {
    const { id, url } = await create()
    await put(id, {
      files: { "index.js": worker("return new Response(globalThis.started ??= crypto.randomUUID())") },
      bindings: kv
    })
    const first = await get(url)
    assert.strictEqual(await get(url), first)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.notStrictEqual(await get(url), first)
  })
})

it("serves the new code when its secrets are refused, and says so", async () => {
  const { id, url } = await create()
  controlPlane().failNextSecrets("quota")
  const project = { files: { "index.js": worker("return new Response(String(env.KEY))") }, secrets: { KEY: "secret" } }
  const { status, json } = await api("POST", `projects/${id}/deployments/upload`, formOf(project))
  assert.deepStrictEqual([status, json.message], [500, "Failed to set secret KEY: quota"])
  assert.strictEqual(await get(url), "undefined")
  assert.strictEqual((await api("GET", `projects/${id}/deployments/latest`)).status, 404)
  await put(id, project)
  assert.strictEqual(await get(url), "secret")
})
