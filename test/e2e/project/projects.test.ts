import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { startTestStack, type TestStack, walletOn } from "../support.ts"
import { chat, config, todo } from "./programs.ts"

let stack: TestStack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack({ RESOURCES: "kv,d1,r2,durable_objects,assets" })
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

/** Checks of the deployed projects' data, for after the stack was started again. */
const checks: Array<() => Promise<void>> = []

type Body = Record<string, unknown>

/** Calls the gateway as the stock client does; expects the status. */
const call = async (method: string, path: string, body: Body, status = 200) => {
  const response = await wallet.fetch(`${stack.info.gateway}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" }
  })
  const text = await response.text()
  assert.strictEqual(response.status, status, text)
  return JSON.parse(text) as {
    url: string
    deployment_id: string
    code?: string
    charged?: boolean
    limit_bytes?: number
    diagnostics?: ReadonlyArray<Body>
  }
}
const deploy = (body: Body) => call("POST", "/deploy", body)
const text = async (url: string, init?: RequestInit) => (await fetch(url, init)).text()
const typeAndLength = async (url: string) => {
  const response = await fetch(url)
  return [response.headers.get("content-type"), (await response.arrayBuffer()).byteLength]
}

describe("a project, paid by the stock client", () => {
  it("keeps its rows in D1 over an update that adds a migration", async () => {
    const { url, deployment_id } = await deploy({ files: todo, name: "todo" })
    assert.strictEqual((await fetch(url, { method: "POST", body: "milk" })).status, 201)
    assert.deepStrictEqual(JSON.parse(await text(url)), [{ id: 1, text: "milk", done: 0 }])
    const third = { "migrations/0003_due.sql": "ALTER TABLE todo ADD COLUMN due TEXT;" }
    await call("PUT", `/deployments/${deployment_id}`, { files: { ...todo, ...third } })
    const kept = async () =>
      assert.deepStrictEqual(JSON.parse(await text(url)), [{ id: 1, text: "milk", done: 0, due: null }])
    await kept()
    checks.push(kept)
  })

  it("counts in KV", async () => {
    const { url } = await deploy({
      files: {
        "wrangler.jsonc": `// a comment\n${config({ main: "index.js", kv_namespaces: [{ binding: "COUNT" }] })}`,
        "index.js": `export default { async fetch(_, { COUNT }) {
          const n = Number(await COUNT.get("n")) + 1
          await COUNT.put("n", String(n))
          return new Response(String(n))
        } }`
      }
    })
    assert.deepStrictEqual([await text(url), await text(url)], ["1", "2"])
    checks.push(async () => assert.strictEqual(await text(url), "3"))
  })

  it("keeps state in a Durable Object, with a date that does not take the flag which the host wants", async () => {
    const { url } = await deploy({
      files: {
        "wrangler.toml": [
          'main = "index.ts"',
          'compatibility_date = "2026-10-23"',
          "[[durable_objects.bindings]]",
          'name = "ROOM"',
          'class_name = "Room"',
          "[[migrations]]",
          'tag = "v1"',
          'new_sqlite_classes = ["Room"]'
        ].join("\n"),
        "index.ts": `import { DurableObject } from "cloudflare:workers"
          export class Room extends DurableObject {
            async visit() {
              const n = ((await this.ctx.storage.get("n")) ?? 0) + 1
              await this.ctx.storage.put("n", n)
              return n
            }
          }
          export default { async fetch(_, env) { return new Response(String(await env.ROOM.getByName("a").visit())) } }`
      }
    })
    assert.deepStrictEqual([await text(url), await text(url)], ["1", "2"])
    checks.push(async () => assert.strictEqual(await text(url), "3"))
  })

  it("talks over WebSockets in a room of a Durable Object", async () => {
    const { url } = await deploy({ files: chat })
    const open = () =>
      new Promise<WebSocket>((resolve, reject) => {
        const socket = new WebSocket(url.replace("http", "ws"))
        socket.addEventListener("open", () => resolve(socket))
        socket.addEventListener("error", () => reject(new Error("the socket does not open")))
      })
    const sockets = [await open(), await open()]
    const heard = sockets.map(
      (socket) => new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)))
    )
    sockets[0]!.send("hello")
    assert.deepStrictEqual(await Promise.all(heard), ["> hello", "> hello"])
    for (const socket of sockets) socket.close()
    checks.push(async () => assert.deepStrictEqual(JSON.parse(await text(url)), ["hello"]))
  })

  it("runs a WebAssembly module that was sent", async () => {
    const add = "AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags="
    const { url } = await deploy({
      files: {
        "add.wasm": { base64: add },
        "index.js": `import module from "./add.wasm"
          const { add } = new WebAssembly.Instance(module).exports
          export default { fetch: () => new Response(String(add(2, 3))) }`
      }
    })
    const adds = async () => assert.strictEqual(await text(url), "5")
    await adds()
    checks.push(adds)
  })

  it("stores files in R2, and serves assets beside an API", async () => {
    const { url } = await deploy({
      files: {
        "wrangler.json": config({
          main: "index.ts",
          r2_buckets: [{ binding: "FILES", bucket_name: "files" }],
          assets: {
            directory: "public",
            binding: "ASSETS",
            not_found_handling: "single-page-application",
            run_worker_first: ["/api/*"]
          }
        }),
        "public/index.html": "<h1>app</h1>",
        "public/pixel.png": { base64: "iVBORw0KGgo=" },
        "index.ts": `export default { async fetch(request, { FILES }) {
          if (request.method === "PUT") { await FILES.put("f", request.body); return new Response("stored") }
          const file = await FILES.get("f")
          return new Response(file ? file.body : "none", { status: file ? 200 : 404 })
        } }`
      }
    })
    assert.strictEqual(await text(`${url}/api/f`, { method: "PUT", body: "content" }), "stored")
    const serves = async () => {
      assert.strictEqual(await text(`${url}/api/f`), "content")
      assert.include(await text(`${url}/some/page`, { headers: { "sec-fetch-mode": "navigate" } }), "<h1>app</h1>")
      assert.deepStrictEqual(await typeAndLength(`${url}/pixel.png`), ["image/png", 8])
    }
    await serves()
    checks.push(serves)
  })

  it("is a static site without a program", async () => {
    const { url } = await deploy({
      files: { "index.html": "<p>static</p>", "style.css": "p {}", "a.png": { base64: "iVBORw0KGgo=" } }
    })
    const serves = async () => {
      assert.include(await text(url), "<p>static</p>")
      assert.deepStrictEqual(await typeAndLength(`${url}/style.css`), ["text/css; charset=utf-8", 4])
      assert.deepStrictEqual(await typeAndLength(`${url}/a.png`), ["image/png", 8])
    }
    await serves()
    checks.push(serves)
  })

  it("has static files of 2 MiB, and is refused before the payment with a byte more", async () => {
    const page = "<p>large</p>"
    const files = (bytes: number) => ({
      "public/index.html": page,
      "public/large.bin": { base64: Buffer.alloc(bytes - page.length, 1).toString("base64") }
    })
    const limit = 2 * 1024 * 1024
    const before = await wallet.balance()
    const refused = await call("POST", "/deploy", { files: files(limit + 1) }, 413)
    assert.deepInclude(refused, { code: "code_too_large", charged: false, limit_bytes: limit })
    assert.strictEqual(await wallet.balance(), before)
    const { url } = await deploy({ files: files(limit) })
    assert.deepStrictEqual(await typeAndLength(`${url}/large.bin`), ["application/octet-stream", limit - page.length])
  })

  it("reads its secrets and variables", async () => {
    const files = (more: string) => ({
      "wrangler.json": config({ main: "index.js", vars: { MODE: "test" } }),
      "index.js": `export default { fetch: (_, { SECRET, MODE }) => new Response([SECRET.length, MODE${more}].join(" ")) }`
    })
    const { url, deployment_id } = await deploy({ env: { SECRET: "s3cret" }, files: files("") })
    assert.strictEqual(await text(url), "6 test")
    checks.push(async () => {
      assert.strictEqual(await text(url), "6 test")
      await call("PUT", `/deployments/${deployment_id}`, { files: files(', "newer"') })
      assert.strictEqual(await text(url), "6 test newer")
    })
  })

  it("is refused before the payment if it needs a secret to start, which the host sets later", async () => {
    const before = await wallet.balance()
    const files = {
      "index.js": `import { env } from "cloudflare:workers"
        if (!env.SECRET) throw new Error("no secret")
        export default { fetch: () => new Response() }`
    }
    const refused = await call("POST", "/deploy", { files, env: { SECRET: "s3cret" } }, 422)
    assert.strictEqual(refused.charged, false)
    assert.strictEqual(await wallet.balance(), before)
  })

  it("is refused before the payment if the host cannot give what a binding asks for", async () => {
    const before = await wallet.balance()
    const files = {
      "wrangler.json": config({ main: "index.js", queues: { producers: [{ binding: "JOBS", queue: "jobs" }] } }),
      "index.js": "export default { fetch: () => new Response() }"
    }
    const { charged, diagnostics } = await call("POST", "/deploy", { files }, 422)
    assert.strictEqual(charged, false)
    assert.strictEqual(diagnostics?.[0]?.["file"], "wrangler.json")
    assert.strictEqual(await wallet.balance(), before)
  })

  it("has its data, files and secrets after the stack was stopped and started again", async () => {
    assert.strictEqual(checks.length, 8)
    stack = await stack.restart()
    wallet = walletOn(stack)
    await Promise.all(checks.map((check) => check()))
  })
})
