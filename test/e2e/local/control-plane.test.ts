import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { type ControlPlane, startControlPlane } from "../../../src/local/control-plane/server.ts"
import type { StartResult } from "../../../src/local/hosting/bundle.ts"
import { choosePorts } from "../../../src/local/system/ports.ts"
import { controlPlaneClient, temporaryDirectory, uploadForm } from "./support.ts"

const token = `jkt_${"0123456789abcdef".repeat(4)}`
const zoneless = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

const dir = temporaryDirectory()
let verdict: StartResult
let controlPlane: ControlPlane
let api: ReturnType<typeof controlPlaneClient>

beforeAll(async () => {
  const { port } = await choosePorts({ port: 0 })
  controlPlane = await startControlPlane({
    dir: dir.path,
    port,
    token,
    sitesPath: "/secret-sites",
    siteUrl: (label) => `http://${label}.localhost:8788`,
    check: async () => verdict
  })
  api = controlPlaneClient(controlPlane.url, token)
})
beforeEach(() => {
  verdict = { ok: true }
})
afterAll(async () => {
  await controlPlane.stop()
  dir[Symbol.dispose]()
})

let count = 0
const unused = (): string => `project-${++count}`
const create = async (body: object = { name: unused() }) => (await api("POST", "projects", body)).json.project
const upload = async (id: string, form = uploadForm({ "index.js": "export default {}" })) =>
  api("POST", `projects/${id}/deployments/upload`, form)

describe("the account", () => {
  it("answers what a test has said, until it is itself again", async () => {
    controlPlane.answerMe({ status: 500, body: "Internal Server Error" })
    assert.deepInclude(await api("GET", "me"), { status: 500, text: "Internal Server Error" })
    controlPlane.answerMe("hang")
    const headers = { authorization: `Bearer ${token}` }
    const hanging = fetch(`${controlPlane.url}/v1/me`, { headers, signal: AbortSignal.timeout(300) })
    assert.instanceOf(await hanging.catch((error: unknown) => error), DOMException)
    controlPlane.answerMe(undefined)
    assert.strictEqual((await api("GET", "me")).status, 200)
  })
})

describe("who may ask", () => {
  for (const [what, authorization] of [
    ["no header", undefined],
    ["another token", `Bearer jkt_${"f".repeat(64)}`],
    ["bearer in lower case", `bearer ${token}`]
  ] as const)
    it(`401 with ${what}`, async () => {
      const response = await fetch(`${controlPlane.url}/v1/projects`, {
        headers: authorization === undefined ? {} : { authorization }
      })
      assert.strictEqual(response.status, 401)
      assert.strictEqual(((await response.json()) as { error: string }).error, "unauthorized")
    })

  it("401 before an upload's body is read", async () => {
    const response = await fetch(`${controlPlane.url}/v1/projects/x/deployments/upload`, {
      method: "POST",
      body: new Uint8Array(8_000_000)
    })
    assert.strictEqual(response.status, 401)
  })

  it("GET /v1/me names the account", async () => {
    const { status, json } = await api("GET", "me")
    assert.deepStrictEqual([status, json.user.username], [200, "local"])
  })
})

describe("POST /v1/projects", () => {
  it("201 with the project, its resources and its URL", async () => {
    const { status, json } = await api("POST", "projects", { name: "Created", slug: "created" })
    assert.strictEqual(status, 201)
    assert.strictEqual(json.url, "http://local-created.localhost:8788")
    assert.deepInclude(json.project, { name: "Created", slug: "created", status: "active", tags: "[]" })
    assert.match(json.project.id, /^proj_/)
    assert.isString(json.project.org_id)
    assert.match(json.project.created_at, zoneless)
    assert.isArray(json.resources)
  })

  for (const [what, name, slug] of [
    ["lowercased, with a hyphen for the rest, and trimmed", "  Ünder_Score & Co! ", "nder-score-co"],
    ["cut at 63", "x".repeat(80), "x".repeat(63)]
  ] as const)
    it(`takes the slug from the name: ${what}`, async () => {
      assert.strictEqual((await create({ name })).slug, slug)
    })

  for (const [what, body] of [
    ["no name", {}],
    ["an empty name", { name: "" }],
    ["a name with nothing alphanumeric", { name: "!!!" }],
    ["an empty slug", { name: "a", slug: "" }],
    ["a slug with nothing alphanumeric", { name: "a", slug: "--" }],
    ["a slug in capitals", { name: "a", slug: "Caps" }],
    ["a slug that ends in a hyphen", { name: "a", slug: "ends-" }]
  ] as const)
    it(`400 invalid_request with ${what}`, async () => {
      const { status, json } = await api("POST", "projects", body)
      assert.deepStrictEqual([status, json.error], [400, "invalid_request"])
      assert.isString(json.message)
    })

  it("500, not 409, for a slug that is taken", async () => {
    const { slug } = await create()
    const { status, json } = await api("POST", "projects", { name: "other", slug })
    assert.deepStrictEqual([status, json.error], [500, "internal_error"])
    assert.strictEqual(json.message, `You already have a project with slug "${slug}"`)
  })

  it("500 when the cut leaves a hyphen at the end, and the row that failed stays", async () => {
    const { status } = await api("POST", "projects", { name: `${"y".repeat(62)} z` })
    assert.strictEqual(status, 500)
    const { json } = await api("GET", `projects/by-slug/${"y".repeat(62)}-`)
    assert.strictEqual(json.project.status, "error")
  })

  it("a create that fails half-way leaves an error row that blocks its slug until it is deleted", async () => {
    controlPlane.failNextCreate("Cloudflare API error: [10013] unknown")
    const failed = await api("POST", "projects", { name: "half", slug: "half" })
    assert.deepStrictEqual([failed.status, failed.json.error], [500, "internal_error"])
    const row = (await api("GET", "projects")).json.projects.find(({ slug }) => slug === "half")!
    assert.strictEqual(row.status, "error")
    assert.strictEqual((await api("POST", "projects", { name: "half", slug: "half" })).status, 500)
    assert.strictEqual((await upload(row.id)).status, 500)
    assert.strictEqual((await api("DELETE", `projects/${row.id}`)).status, 200)
    assert.strictEqual((await api("POST", "projects", { name: "half", slug: "half" })).status, 201)
  })

  it("500 in plain text for a body that is not JSON", async () => {
    const response = await fetch(`${controlPlane.url}/v1/projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: "{"
    })
    assert.strictEqual(response.status, 500)
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/)
    assert.strictEqual(await response.text(), "Internal Server Error")
  })
})

describe("reading projects", () => {
  it("GET /v1/projects lists all, with ISO times and tags as a JSON string", async () => {
    const { id } = await create()
    await api("PUT", `projects/${id}/tags`, { tags: ["b", "a", "b"] })
    const row = (await api("GET", "projects")).json.projects.find((project) => project.id === id)!
    assert.match(row.created_at, iso)
    assert.strictEqual(row.tags, '["a","b"]')
  })

  it("by id, with its URL; by slug, without; both without zones", async () => {
    const { id, slug } = await create()
    const byId = (await api("GET", `projects/${id}`)).json
    assert.strictEqual(byId.url, `http://local-${slug}.localhost:8788`)
    const bySlug = (await api("GET", `projects/by-slug/${slug}`)).json
    assert.deepStrictEqual(Object.keys(bySlug), ["project"])
    for (const { project } of [byId, bySlug]) {
      assert.strictEqual(project.id, id)
      assert.match(project.updated_at, zoneless)
    }
  })

  for (const path of ["projects/proj_none", "projects/by-slug/none", "projects/proj_none/deployments/latest"])
    it(`404 not_found: ${path}`, async () => {
      const { status, json } = await api("GET", path)
      assert.deepStrictEqual([status, json.error], [404, "not_found"])
    })
})

describe("PUT /v1/projects/:id/tags", () => {
  it("replaces all, sorted and without doubles", async () => {
    const { id } = await create()
    await api("PUT", `projects/${id}/tags`, { tags: ["old"] })
    const { status, json } = await api("PUT", `projects/${id}/tags`, { tags: ["mpp-compute", "expires:1764000000"] })
    assert.deepStrictEqual<unknown>(
      [status, json],
      [200, { success: true, tags: ["expires:1764000000", "mpp-compute"] }]
    )
  })

  for (const [what, tags] of [
    ["no list", "a"],
    ["21 tags", Array.from({ length: 21 }, (_, n) => `t${n}`)],
    ["a tag of 51 characters", ["x".repeat(51)]],
    ["a capital", ["Tag"]],
    ["a hyphen at the end", ["tag-"]],
    ["a number", [1]]
  ] as const)
    it(`400 with ${what}`, async () => {
      const { id } = await create()
      assert.strictEqual((await api("PUT", `projects/${id}/tags`, { tags })).status, 400)
    })
})

describe("POST /v1/projects/:id/deployments/upload", () => {
  it("201 with the row, its times without a zone; latest then shows it, in ISO", async () => {
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
    it(`400 invalid_request without ${part}`, async () => {
      const form = uploadForm({ "index.js": "1" })
      form.delete(part)
      const { status, json } = await upload((await create()).id, form)
      assert.deepStrictEqual([status, json.error], [400, "invalid_request"])
    })

  for (const part of ["manifest", "bundle"])
    it(`500 internal_error when ${part} is a plain string instead of a file`, async () => {
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
    it(`400 invalid_manifest with details for ${what}`, async () => {
      const { status, json } = await upload((await create()).id, uploadForm({ "index.js": "1" }, manifest))
      assert.deepStrictEqual([status, json.error, json.details.length], [400, "invalid_manifest", 1])
    })

  it("500 with the runtime's message when the code does not start; the live version stays", async () => {
    const { id } = await create()
    const live = (await upload(id)).json.id
    verdict = { ok: false, message: "Uncaught Error: boom" }
    const { status, json } = await upload(id)
    assert.strictEqual(status, 500)
    const message = "Cloudflare API error: [10021] Uncaught Error: boom"
    assert.deepStrictEqual<object>(json, { error: "internal_error", message })
    assert.strictEqual((await api("GET", `projects/${id}/deployments/latest`)).json.deployment.id, live)
  })

  it("500 for a bundle without its entrypoint, or one that is no zip", async () => {
    const { id } = await create()
    assert.match((await upload(id, uploadForm({ "other.js": "1" }))).json.message, /index\.js/)
    const form = uploadForm({})
    form.set("bundle", new File(["no zip"], "bundle.zip"))
    assert.strictEqual((await upload(id, form)).json.error, "internal_error")
  })

  it("500 in plain text when it is not multipart", async () => {
    const { status, text } = await api("POST", `projects/${(await create()).id}/deployments/upload`, {})
    assert.deepStrictEqual([status, text], [500, "Internal Server Error"])
  })

  it("404 for a project that is not there", async () => {
    assert.strictEqual((await upload("proj_none")).status, 404)
  })

  it("keeps js, mjs, cjs, wasm and json, hands the site its variables, and drops the rest", async () => {
    const { id, slug } = await create()
    const files = { "index.js": "1", "a.mjs": "2", "b.cjs": "3", "c.wasm": "w", "d.json": "[4]", "e.txt": "5" }
    await upload(id, uploadForm(files, { bindings: { vars: { GREETING: "hi" } } }))
    const site = async (path: string) => (await fetch(`${controlPlane.url}/secret-sites/local-${slug}${path}`)).json()
    const { version } = (await site("")) as { version: string }
    const code = (await site(`/${version}`)) as { modules: object; env: object }
    assert.deepStrictEqual(code.env, { PROJECT_ID: id, GREETING: "hi" })
    assert.deepStrictEqual(code.modules, {
      "index.js": { js: "1" },
      "a.mjs": { js: "2" },
      "b.cjs": { cjs: "3" },
      "c.wasm": { wasm: "dw==" },
      "d.json": { json: [4] }
    })
  })
})

describe("DELETE /v1/projects/:id", () => {
  it("200 once, 404 after that, and the slug is free again", async () => {
    const { id, slug } = await create()
    const { status, json } = await api("DELETE", `projects/${id}`)
    assert.strictEqual(status, 200)
    assert.deepInclude<object>(json, { success: true, project_id: id })
    assert.deepStrictEqual((await api("DELETE", `projects/${id}`)).json.error, "not_found")
    assert.strictEqual((await api("POST", "projects", { name: "again", slug })).status, 201)
  })
})

it("what it has answered survives a restart", async () => {
  const { id } = await create()
  await upload(id)
  const before = (await api("GET", "projects")).text
  await controlPlane.stop()
  await controlPlane.start()
  assert.strictEqual((await api("GET", "projects")).text, before)
  assert.strictEqual((await api("GET", `projects/${id}/deployments/latest`)).status, 200)
})
