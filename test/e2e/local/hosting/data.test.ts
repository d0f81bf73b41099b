import { existsSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { PROBES, probing } from "../../../support/start-values.ts"
import { formOf, get, type Project, useHost, worker } from "./support.ts"

const { api, controlPlane, create, dir, put, restart } = useHost()

/** A list of todos in D1. */
const todos: Project = {
  files: {
    "index.js": worker(`
      if (request.method === "POST") await env.DB.prepare("INSERT INTO todos (text) VALUES (?)").bind(await request.text()).run()
      return Response.json((await env.DB.prepare("SELECT text FROM todos ORDER BY id").all()).results.map(({ text }) => text))`)
  },
  bindings: { d1: { binding: "DB" } }
}

/** A counter in KV and a store of files in R2. */
const stores: Project = {
  files: {
    "index.js": worker(`
      if (url.pathname === "/count") {
        const n = Number(await env.COUNTS.get("n")) + 1
        await env.COUNTS.put("n", String(n))
        return new Response(String(n))
      }
      if (request.method === "PUT") await env.FILES.put(url.pathname, request.body)
      if (request.method === "DELETE") await env.FILES.delete(url.pathname)
      const file = await env.FILES.get(url.pathname)
      return file ? new Response(file.body) : new Response("no file", { status: 404 })`)
  },
  bindings: { kv: [{ binding: "COUNTS" }], r2: [{ binding: "FILES", bucket_name: "files" }] }
}

const execute = (id: string, sql: string, params?: ReadonlyArray<unknown>) =>
  api("POST", `projects/${id}/database/execute`, { sql, ...(params && { params }) })

describe("a site with a database", () => {
  it("serves what migrations have made, and keeps it over updates and restarts", async () => {
    const { id, url } = await create()
    const first = await execute(id, "CREATE TABLE todos (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE other (a)")
    assert.strictEqual(first.status, 200, first.text)
    await put(id, todos)
    assert.strictEqual(await get(url, { method: "POST", body: "one" }), '["one"]')
    const added = await execute(id, "INSERT INTO todos (text) VALUES (?)", ["two"])
    assert.deepInclude<unknown>((added.json as unknown as { meta: object }).meta, { changes: 1 })
    await put(id, todos)
    assert.strictEqual(await get(url), '["one","two"]')
    await restart()
    assert.strictEqual(await get(url), '["one","two"]')
    const read = await api("POST", `projects/${id}/database/query`, { sql: "SELECT count(*) AS n FROM todos" })
    assert.deepInclude<unknown>(read.json, { success: true, results: [{ n: 2 }] })
  })

  it("runs the schema of an upload before its code, in one transaction", async () => {
    const { id, url } = await create()
    const schema =
      "CREATE TABLE IF NOT EXISTS todos (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO todos (text) VALUES ('a;b')"
    await put(id, { ...todos, schema })
    assert.strictEqual(await get(url), '["a;b"]')
    const broken = "INSERT INTO todos (text) VALUES ('lost'); INSERT INTO nowhere VALUES (1)"
    const { status, json } = await execute(id, broken)
    assert.deepStrictEqual([status, json.error], [500, "query_failed"])
    assert.match(json.message, /^D1 error: .*no such table: nowhere/)
    assert.strictEqual(await get(url), '["a;b"]')
  })

  it("refuses to write by a query", async () => {
    const { id } = await create()
    for (const sql of ["DELETE FROM a", "SELECT 1; drop table a", "WITH x AS (SELECT 1) INSERT INTO a SELECT 1"])
      assert.strictEqual(
        (await api("POST", `projects/${id}/database/query`, { sql })).json.error,
        "read_only_violation"
      )
  })

  it("makes another database at each call, of which a delete deletes one", async () => {
    const { id } = await create()
    assert.strictEqual((await execute(id, "CREATE TABLE a (b)")).status, 200)
    const made = await api("POST", `projects/${id}/resources/d1`, { name: "More data" })
    assert.strictEqual(made.status, 201)
    const resources = (await api("GET", `projects/${id}/resources`)).json.resources as ReadonlyArray<
      Record<string, string>
    >
    // The process of the project was started before that database was made.
    assert.strictEqual((await execute(id, "SELECT 1")).status, 200)
    const rows = resources.map(({ resource_type, binding_name }) => [resource_type, binding_name])
    assert.deepStrictEqual(rows, [
      ["d1", "DB"],
      ["worker", null],
      ["d1", "MORE_DATA"]
    ] as unknown)
    await api("DELETE", `projects/${id}`)
    const left = controlPlane()
      .inventory()
      .databases.filter(({ project_id }) => project_id === id)
    assert.deepStrictEqual(
      left.map(({ binding_name }) => binding_name),
      ["MORE_DATA"]
    )
  })
})

describe("a site with a namespace and a bucket", () => {
  it("keeps both over updates and restarts, and leaves nothing when it is deleted", async () => {
    const { id, url } = await create()
    await put(id, stores)
    assert.deepStrictEqual([await get(`${url}/count`), await get(`${url}/count`)], ["1", "2"])
    assert.strictEqual(await get(`${url}/a.txt`, { method: "PUT", body: "kept" }), "kept")
    await put(id, stores)
    assert.strictEqual(await get(`${url}/count`), "3")
    await restart()
    assert.deepStrictEqual([await get(`${url}/count`), await get(`${url}/a.txt`)], ["4", "kept"])

    assert.strictEqual((await fetch(`${url}/a.txt`, { method: "DELETE" })).status, 404)
    const answer = await api("DELETE", `projects/${id}`)
    assert.notProperty(answer.json, "warnings")
    for (const kind of Object.values(controlPlane().inventory()))
      assert.isUndefined(kind.find(({ project_id }: { project_id: string }) => project_id === id))
    assert.isFalse(existsSync(join(dir, "sites", id)))
    assert.strictEqual((await fetch(url)).status, 404)
  })

  it("leaves a bucket with files behind, and says so", async () => {
    const { id, url } = await create()
    await put(id, stores)
    await get(`${url}/a.txt`, { method: "PUT", body: "kept" })
    const { status, json } = await api("DELETE", `projects/${id}`)
    assert.strictEqual(status, 200)
    assert.match(
      String((json as unknown as { warnings: string }).warnings),
      /^Some resources could not be deleted: r2:jack-/
    )
    const { buckets, workers } = (await api("GET", "local/inventory")).json as unknown as Record<
      string,
      ReadonlyArray<{ project_id: string }>
    >
    assert.isDefined(buckets?.find(({ project_id }) => project_id === id))
    assert.isUndefined(workers?.find(({ project_id }) => project_id === id))
  })
})

it("has bindings that work at a start as the start check's stand-ins do", async () => {
  const { id, url } = await create()
  await put(id, {
    files: { "index.js": probing("export default { fetch: () => Response.json(outcomes) }") },
    bindings: {
      kv: [{ binding: "KV" }],
      d1: { binding: "DB" },
      r2: [{ binding: "FILES", bucket_name: "files" }],
      durable_objects: [{ binding: "ROOM", class_name: "Room" }],
      assets: { binding: "ASSETS", directory: "." }
    },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }],
    assets: { "a.txt": "a" }
  })
  const outcomes = JSON.parse(await get(url)) as ReadonlyArray<string>
  assert.deepStrictEqual(
    PROBES.map(([expression], index) => [expression, outcomes[index] ?? ""] as const),
    [...PROBES]
  )
})

it("keeps the version before when the next one does not start, with its data", async () => {
  const { id, url } = await create()
  await put(id, stores)
  await get(`${url}/count`)
  for (const [code, message] of [
    ["throw new Error('boom'); export default { fetch() {} }", "Uncaught Error: boom"],
    ["while (true) {} export default { fetch() {} }", "Script startup exceeded CPU time limit."],
    ["export const a = {}", "The default export has no fetch handler."]
  ] as const) {
    const form = { files: { "index.js": code }, bindings: stores.bindings ?? {} }
    const { status, json } = await api("POST", `projects/${id}/deployments/upload`, formOf(form))
    assert.strictEqual(status, 500)
    assert.include(json.message, `Cloudflare API error: [10021] ${message}`)
  }
  assert.strictEqual(await get(`${url}/count`), "2")
})
