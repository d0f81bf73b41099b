import { assert, describe, it } from "vitest"
import { uploadForm } from "../support.ts"
import { iso, zoneless, useControlPlane } from "./support.ts"

const { api, create, running, starts, upload } = useControlPlane()

describe("POST /v1/projects/:id/deployments/upload", () => {
  it("answers 201 with the row in times without a zone, and lists it as the latest in ISO times", async () => {
    const { id } = await create()
    assert.strictEqual((await api("GET", `projects/${id}/deployments/latest`)).status, 404)
    const form = uploadForm({ "index.js": "1" })
    form.set("message", "first")
    const { status, json } = await upload(id, form)
    assert.strictEqual(status, 201)
    assert.deepInclude<object>(json, { project_id: id, status: "live", message: "first", warnings: [] })
    assert.match(json.created_at, zoneless)
    const { deployment } = (await api("GET", `projects/${id}/deployments/latest`)).json
    assert.strictEqual(deployment.id, json.id)
    assert.match(deployment.created_at, iso)
  })

  for (const part of ["manifest", "bundle"])
    it(`answers 400 invalid_request without ${part}`, async () => {
      const form = uploadForm({ "index.js": "1" })
      form.delete(part)
      const { status, json } = await upload((await create()).id, form)
      assert.deepStrictEqual([status, json.error], [400, "invalid_request"])
    })

  for (const part of ["manifest", "bundle"])
    it(`answers 500 internal_error when ${part} is a plain string instead of a file`, async () => {
      const form = uploadForm({ "index.js": "1" })
      form.set(part, "text")
      const { status, json } = await upload((await create()).id, form)
      assert.deepStrictEqual([status, json.error], [500, "internal_error"])
    })

  for (const [what, manifest] of [
    ["version 3", { version: 3 }],
    ["no entrypoint", { entrypoint: undefined }],
    ["no compatibility date", { compatibility_date: undefined }],
    ["an unknown binding", { bindings: { services: [] } }],
    ["a variable that is not a string", { bindings: { vars: { N: 1 } } }]
  ] as const)
    it(`answers 400 invalid_manifest with details for ${what}`, async () => {
      const { status, json } = await upload((await create()).id, uploadForm({ "index.js": "1" }, manifest))
      assert.deepStrictEqual([status, json.error, json.details.length], [400, "invalid_manifest", 1])
    })

  it("answers 500 with the runtime's message when the code does not start, and keeps the live version", async () => {
    const { id } = await create()
    const live = (await upload(id)).json.id
    starts({ ok: false, message: "Uncaught Error: boom" })
    const { status, json } = await upload(id)
    assert.strictEqual(status, 500)
    const message = "Cloudflare API error: [10021] Uncaught Error: boom"
    assert.deepStrictEqual<object>(json, { error: "internal_error", message })
    assert.strictEqual((await api("GET", `projects/${id}/deployments/latest`)).json.deployment.id, live)
  })

  it("answers 500 for a bundle without its entrypoint, or one that is not a zip", async () => {
    const { id } = await create()
    assert.match((await upload(id, uploadForm({ "other.js": "1" }))).json.message, /index\.js/)
    const form = uploadForm({})
    form.set("bundle", new File(["no zip"], "bundle.zip"))
    assert.strictEqual((await upload(id, form)).json.error, "internal_error")
  })

  it("answers 500 in plain text when it is not multipart", async () => {
    const { status, text } = await api("POST", `projects/${(await create()).id}/deployments/upload`, {})
    assert.deepStrictEqual([status, text], [500, "Internal Server Error"])
  })

  it("answers 404 for an unknown project", async () => {
    assert.strictEqual((await upload("proj_none")).status, 404)
  })

  it("keeps js, mjs, cjs, wasm and json, hands the site its variables, and drops the rest", async () => {
    const { id, slug } = await create()
    const files = { "index.js": "1", "a.mjs": "2", "b.cjs": "3", "c.wasm": "w", "d.json": "[4]", "e.txt": "5" }
    await upload(id, uploadForm(files, { bindings: { vars: { GREETING: "hi" } } }))
    const site = async (path: string) => (await fetch(`${running().url}/secret-sites/local-${slug}${path}`)).json()
    const { version } = (await site("")) as { version: string }
    const code = (await site(`/${version}`)) as { modules: object; env: object }
    assert.deepStrictEqual(code.env, { PROJECT_ID: id, GREETING: "hi" })
    assert.deepStrictEqual(code.modules, {
      "index.js": { js: "1" },
      "a.mjs": { js: "2" },
      // Jack uploads these two as bytes.
      "b.cjs": { data: "Mw==" },
      "c.wasm": { wasm: "dw==" },
      "d.json": { data: "WzRd" }
    })
  })
})

it("keeps projects and deployments over a restart", async () => {
  const { id } = await create()
  await upload(id)
  const before = (await api("GET", "projects")).text
  await running().stop()
  await running().start()
  assert.strictEqual((await api("GET", "projects")).text, before)
  assert.strictEqual((await api("GET", `projects/${id}/deployments/latest`)).status, 200)
})
