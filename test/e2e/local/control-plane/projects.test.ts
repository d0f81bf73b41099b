import { assert, describe, it } from "vitest"
import { iso, token, zoneless, useControlPlane } from "./support.ts"

const { api, create, running, upload } = useControlPlane()

describe("the account", () => {
  it("answers as the test says, until it is reset", async () => {
    running().answerMe({ status: 500, body: "Internal Server Error" })
    assert.deepInclude(await api("GET", "me"), { status: 500, text: "Internal Server Error" })
    running().answerMe("hang")
    const headers = { authorization: `Bearer ${token}` }
    const hanging = fetch(`${running().url}/v1/me`, { headers, signal: AbortSignal.timeout(300) })
    assert.instanceOf(await hanging.catch((error: unknown) => error), DOMException)
    running().answerMe(undefined)
    assert.strictEqual((await api("GET", "me")).status, 200)
  })
})

it("keeps idle connections for longer than the gateway does, so that it closes none under a request", async () => {
  const { headers } = await fetch(`${running().url}/health`)
  assert.strictEqual(headers.get("keep-alive"), "timeout=60")
})

describe("authorization", () => {
  for (const [what, authorization] of [
    ["no header", undefined],
    ["another token", `Bearer jkt_${"f".repeat(64)}`],
    ["bearer in lower case", `bearer ${token}`]
  ] as const)
    it(`answers 401 with ${what}`, async () => {
      const response = await fetch(`${running().url}/v1/projects`, {
        headers: authorization === undefined ? {} : { authorization }
      })
      assert.strictEqual(response.status, 401)
      assert.strictEqual(((await response.json()) as { error: string }).error, "unauthorized")
    })

  it("answers 401 before an upload's body is read", async () => {
    const response = await fetch(`${running().url}/v1/projects/x/deployments/upload`, {
      method: "POST",
      body: new Uint8Array(8_000_000)
    })
    assert.strictEqual(response.status, 401)
  })

  it("names the account at GET /v1/me", async () => {
    const { status, json } = await api("GET", "me")
    assert.deepStrictEqual([status, json.user.username], [200, "local"])
  })
})

describe("POST /v1/projects", () => {
  it("answers 201 with the project, its resources and its URL", async () => {
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
    it(`makes the slug from the name: ${what}`, async () => {
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
    it(`answers 400 invalid_request with ${what}`, async () => {
      const { status, json } = await api("POST", "projects", body)
      assert.deepStrictEqual([status, json.error], [400, "invalid_request"])
      assert.isString(json.message)
    })

  it("answers 500, not 409, for a taken slug", async () => {
    const { slug } = await create()
    const { status, json } = await api("POST", "projects", { name: "other", slug })
    assert.deepStrictEqual([status, json.error], [500, "internal_error"])
    assert.strictEqual(json.message, `You already have a project with slug "${slug}"`)
  })

  it("answers 500 when the cut leaves a hyphen at the end, and keeps the failed row", async () => {
    const { status } = await api("POST", "projects", { name: `${"y".repeat(62)} z` })
    assert.strictEqual(status, 500)
    const { json } = await api("GET", `projects/by-slug/${"y".repeat(62)}-`)
    assert.strictEqual(json.project.status, "error")
  })

  it("keeps an error row after a create that failed half-way, which blocks its slug until it is deleted", async () => {
    running().failNextCreate("Cloudflare API error: [10013] unknown")
    const failed = await api("POST", "projects", { name: "half", slug: "half" })
    assert.deepStrictEqual([failed.status, failed.json.error], [500, "internal_error"])
    const row = (await api("GET", "projects")).json.projects.find(({ slug }) => slug === "half")!
    assert.strictEqual(row.status, "error")
    assert.strictEqual((await api("POST", "projects", { name: "half", slug: "half" })).status, 500)
    assert.strictEqual((await upload(row.id)).status, 500)
    assert.strictEqual((await api("DELETE", `projects/${row.id}`)).status, 200)
    assert.strictEqual((await api("POST", "projects", { name: "half", slug: "half" })).status, 201)
  })

  it("answers 500 in plain text for a body that is not JSON", async () => {
    const response = await fetch(`${running().url}/v1/projects`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: "{"
    })
    assert.strictEqual(response.status, 500)
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/)
    assert.strictEqual(await response.text(), "Internal Server Error")
  })
})

describe("GET /v1/projects", () => {
  it("lists all projects, with ISO times and tags as a JSON string", async () => {
    const { id } = await create()
    await api("PUT", `projects/${id}/tags`, { tags: ["b", "a", "b"] })
    const row = (await api("GET", "projects")).json.projects.find((project) => project.id === id)!
    assert.match(row.created_at, iso)
    assert.strictEqual(row.tags, '["a","b"]')
  })

  it("answers with the URL by id and without it by slug, with times without zones", async () => {
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
    it(`answers 404 not_found to ${path}`, async () => {
      const { status, json } = await api("GET", path)
      assert.deepStrictEqual([status, json.error], [404, "not_found"])
    })
})

describe("PUT /v1/projects/:id/tags", () => {
  it("replaces all tags, sorted and without duplicates", async () => {
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
    it(`answers 400 with ${what}`, async () => {
      const { id } = await create()
      assert.strictEqual((await api("PUT", `projects/${id}/tags`, { tags })).status, 400)
    })
})

describe("DELETE /v1/projects/:id", () => {
  it("answers 200 once, then 404, and frees the slug", async () => {
    const { id, slug } = await create()
    const { status, json } = await api("DELETE", `projects/${id}`)
    assert.strictEqual(status, 200)
    assert.deepInclude<object>(json, { success: true, project_id: id })
    assert.deepStrictEqual((await api("DELETE", `projects/${id}`)).json.error, "not_found")
    assert.strictEqual((await api("POST", "projects", { name: "again", slug })).status, 201)
  })
})
