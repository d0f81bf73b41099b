import { assert, describe, it } from "vitest"
import { formOf, get, type Project, useHost, worker } from "./support.ts"

const { api, create, put } = useHost()

const files = {
  "index.html": "<h1>home</h1>",
  "about.html": "<h1>about</h1>",
  "docs/index.html": "<h1>docs</h1>",
  "404.html": "<h1>lost</h1>",
  "app.js": "console.log(1)",
  "api/data.json": "{}",
  "empty.txt": ""
}

/** The Worker says when it runs; `/asset/…` asks for an asset. */
const project = (settings: object, version: 1 | 2 = 2): Project => ({
  version,
  files: {
    "index.js": worker(`
      if (url.pathname.startsWith("/asset/")) return env.ASSETS.fetch(new URL(url.pathname.slice(6), url))
      return new Response("worker " + url.pathname)`)
  },
  bindings: { assets: { binding: "ASSETS", directory: "public", ...settings } },
  assets: files
})

/** Answers of a site by path: the status, and the body or the place that it redirects to. */
const site = async (settings: object, version?: 1 | 2) => {
  const { id, url } = await create()
  await put(id, project(settings, version))
  return async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(url + path, { redirect: "manual", headers })
    return `${answer.status} ${answer.headers.get("location") ?? (await answer.text())}`
  }
}

describe("assets", () => {
  it("come before the Worker, which gets the rest", async () => {
    const ask = await site({})
    assert.strictEqual(await ask("/"), "200 <h1>home</h1>")
    assert.strictEqual(await ask("/app.js"), "200 console.log(1)")
    assert.strictEqual(await ask("/about"), "200 <h1>about</h1>")
    assert.strictEqual(await ask("/about.html"), "307 /about")
    assert.strictEqual(await ask("/docs"), "307 /docs/")
    assert.strictEqual(await ask("/nowhere"), "200 worker /nowhere")
    // Empty files are dropped on the way.
    assert.strictEqual(await ask("/empty.txt"), "200 worker /empty.txt")
    assert.strictEqual(await ask("/asset/app.js"), "200 console.log(1)")
    assert.strictEqual(await ask("/asset/nowhere"), "404 ")
  })

  it("have types and validators", async () => {
    const { id, url } = await create()
    await put(id, project({}))
    const { headers } = await fetch(`${url}/app.js`)
    assert.match(headers.get("content-type") ?? "", /^text\/javascript/)
    const again = await fetch(`${url}/app.js`, { headers: { "if-none-match": headers.get("etag") ?? "" } })
    assert.strictEqual(again.status, 304)
  })

  it("have no headers of the runtime's own log", async () => {
    const { id, url } = await create()
    await put(id, project({ not_found_handling: "single-page-application" }))
    const { headers, status } = await fetch(`${url}/asset/some/view`)
    assert.strictEqual(status, 200)
    assert.deepStrictEqual(
      [...headers.keys()].filter((name) => name.startsWith("x-")),
      []
    )
  })

  for (const [html_handling, path, answer] of [
    ["drop-trailing-slash", "/docs/", "307 /docs"],
    ["force-trailing-slash", "/about", "307 /about/"],
    ["none", "/about", "200 worker /about"]
  ] as const)
    it(`are served with html_handling ${html_handling}`, async () => {
      assert.strictEqual(await (await site({ html_handling }))(path), answer)
    })

  it("stand for an app with one page, but only where a browser navigates", async () => {
    const ask = await site({
      not_found_handling: "single-page-application",
      run_worker_first: ["/api/*", "!/api/data.json"]
    })
    assert.strictEqual(await ask("/some/view", { "sec-fetch-mode": "navigate" }), "200 <h1>home</h1>")
    assert.strictEqual(await ask("/api/todos"), "200 worker /api/todos")
    assert.strictEqual(await ask("/api/data.json"), "200 {}")
    assert.strictEqual(await ask("/asset/some/view"), "200 <h1>home</h1>")
  })

  it("have a page for what is not found", async () => {
    const ask = await site({ not_found_handling: "404-page" })
    assert.strictEqual(await ask("/asset/nowhere"), "404 <h1>lost</h1>")
  })

  it("come after the Worker if it runs first", async () => {
    const ask = await site({ run_worker_first: true })
    assert.strictEqual(await ask("/app.js"), "200 worker /app.js")
    assert.strictEqual(await ask("/asset/app.js"), "200 console.log(1)")
  })

  it("stand for an app with one page in a manifest of version 1", async () => {
    assert.strictEqual(await (await site({}, 1))("/asset/some/view"), "200 <h1>home</h1>")
  })

  it("change with an update", async () => {
    const { id, url } = await create()
    await put(id, project({}))
    assert.strictEqual(await get(url), "<h1>home</h1>")
    await put(id, { ...project({}), assets: { "index.html": "<h1>new</h1>" } })
    assert.deepStrictEqual([await get(url), await get(`${url}/app.js`)], ["<h1>new</h1>", "worker /app.js"])
  })

  it("are refused without their binding, and the binding without them", async () => {
    const { id } = await create()
    const upload = async (form: FormData) => (await api("POST", `projects/${id}/deployments/upload`, form)).json.error
    const whole = formOf(project({}))
    whole.delete("assets")
    assert.strictEqual(await upload(whole), "missing_assets")
    assert.strictEqual(await upload(formOf({ ...project({}), bindings: {} })), "orphan_assets")
    assert.strictEqual(await upload(formOf(project({ html_handling: "any" }))), "invalid_manifest")
  })

  it("refuse code that does not start in other words of Jack's", async () => {
    const { id } = await create()
    const form = formOf({ ...project({}), files: { "index.js": "throw new Error('boom')" } })
    const { json } = await api("POST", `projects/${id}/deployments/upload`, form)
    assert.match(json.message, /^Failed to upload dispatch script with assets: \[10021\] Uncaught Error: boom/)
  })
})
