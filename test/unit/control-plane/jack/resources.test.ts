import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { strFromU8, unzipSync } from "fflate"
import type { Upload } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { calling, code, failing, jack, json, lost, text } from "./client.ts"

const live = json(201, { id: "d2", project_id: "p1", status: "live", warnings: [] })
const base64 = (content: string) => Buffer.from(content).toString("base64")

/** Sends an upload, and returns the parts of its form as they are on the wire. */
const sent = (upload: Upload) => {
  const { layer, requests } = jack(live)
  return Effect.gen(function* () {
    yield* calling((client) => client.upload("p1", upload))
    const form = yield* Effect.promise(() => requests[0]!.formData())
    const part = (name: string) => form.get(name) as unknown as File
    const zip = (name: string) =>
      Effect.promise(async () => {
        const files = unzipSync(new Uint8Array(await part(name).arrayBuffer()))
        return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, strFromU8(bytes)]))
      })
    const manifest = JSON.parse(yield* Effect.promise(() => part("manifest").text())) as Record<string, unknown>
    return { form, part, zip, manifest }
  }).pipe(Effect.provide(layer()))
}

const nothing = { kv: [], r2: [], database: null, durableObjects: null }

describe("an upload with resources", () => {
  it.effect("names them in a manifest of version 2", () =>
    Effect.gen(function* () {
      const migration = { tag: "v1", newSqliteClasses: ["Room"], deletedClasses: [], renamedClasses: [] }
      const { manifest, form } = yield* sent({
        ...code,
        compatibilityDate: "2025-01-01",
        vars: { GREETING: "hello" },
        resources: {
          kv: ["CACHE"],
          r2: ["MY_FILES"],
          database: "DB",
          durableObjects: { bindings: [{ name: "ROOM", className: "Room" }], migrations: [migration] }
        }
      })
      assert.strictEqual(manifest["version"], 2)
      assert.strictEqual(manifest["compatibility_date"], "2025-01-01")
      assert.deepStrictEqual(manifest["bindings"], {
        vars: { GREETING: "hello" },
        kv: [{ binding: "CACHE" }],
        r2: [{ binding: "MY_FILES", bucket_name: "my-files" }],
        d1: { binding: "DB" },
        durable_objects: [{ binding: "ROOM", class_name: "Room" }]
      })
      assert.deepStrictEqual(manifest["migrations"], [{ tag: "v1", new_sqlite_classes: ["Room"] }])
      assert.deepStrictEqual([...form.keys()].toSorted(), ["bundle", "manifest"])
    })
  )

  it.effect("is as ever if it names none", () =>
    Effect.gen(function* () {
      const plain = yield* sent(code)
      const empty = yield* sent({ ...code, vars: {}, modules: [], resources: nothing, assets: null, secrets: {} })
      assert.deepStrictEqual([...empty.form.keys()], [...plain.form.keys()])
      assert.deepStrictEqual({ ...empty.manifest, built_at: "" }, { ...plain.manifest, built_at: "" })
      assert.strictEqual(plain.manifest["version"], 1)
      assert.isFalse("bindings" in plain.manifest)
    })
  )

  it.effect("sends modules beside the code, and secrets in a part of their own", () =>
    Effect.gen(function* () {
      const { part, zip, manifest } = yield* sent({
        ...code,
        modules: [{ name: "src/add.wasm", kind: "wasm", base64: base64("\0asm") }],
        secrets: { API_KEY: "s3cret" }
      })
      assert.deepStrictEqual(yield* zip("bundle"), { "index.js": code.code, "src/add.wasm": "\0asm" })
      assert.strictEqual(part("secrets").name, "secrets.json")
      assert.deepStrictEqual(JSON.parse(yield* Effect.promise(() => part("secrets").text())), { API_KEY: "s3cret" })
      assert.notInclude(JSON.stringify(manifest), "s3cret")
    })
  )

  it.effect("sends assets, and their settings as they are", () =>
    Effect.gen(function* () {
      const files = { "index.html": base64("<h1>hi</h1>"), "img/a.svg": base64("<svg/>") }
      const { zip, manifest, part } = yield* sent({
        ...code,
        assets: { binding: null, files, notFoundHandling: "single-page-application", runWorkerFirst: ["/api/*"] }
      })
      assert.strictEqual(part("assets").name, "assets.zip")
      assert.deepStrictEqual(yield* zip("assets"), { "index.html": "<h1>hi</h1>", "img/a.svg": "<svg/>" })
      assert.deepStrictEqual(manifest["bindings"], {
        assets: {
          binding: "ASSETS",
          directory: ".",
          not_found_handling: "single-page-application",
          run_worker_first: ["/api/*"]
        }
      })
    })
  )
})

it.effect("assets without a binding get a name that nothing else has", () =>
  Effect.gen(function* () {
    const assets = { binding: null, files: { "a.txt": base64("a") } }
    const { manifest } = yield* sent({
      ...code,
      assets,
      vars: { ASSETS: "x" },
      resources: { ...nothing, kv: ["ASSETS_"] },
      secrets: { ASSETS__: "s" }
    })
    assert.deepInclude(manifest["bindings"], { assets: { binding: "ASSETS___", directory: "." } })
  })
)

describe("a database", () => {
  const worker = { id: "r0", resource_type: "worker", binding_name: null, resource_name: "w" }
  const d1 = (id: string, binding: string) => ({ id, resource_type: "d1", binding_name: binding, resource_name: id })

  it.effect("is found by its binding, or as the oldest", () => {
    const { layer, asked } = jack(
      json(200, { resources: [worker, d1("r1", "OLD"), d1("r2", "DB")] }),
      json(200, { resources: [worker, d1("r1", "OLD")] }),
      json(200, { resources: [worker] })
    )
    return Effect.gen(function* () {
      const find = calling((client) => client.findDatabase("p1", "DB"))
      assert.deepStrictEqual(yield* find, Option.some({ id: "r2", binding: "DB" }))
      assert.deepStrictEqual(yield* find, Option.some({ id: "r1", binding: "OLD" }))
      assert.deepStrictEqual(yield* find, Option.none())
      assert.strictEqual(asked()[0], "GET /v1/projects/p1/resources")
    }).pipe(Effect.provide(layer()))
  })

  it.effect("is created by one request, which is not repeated", () => {
    const { layer, requests, asked } = jack(json(201, { resource: d1("r1", "DB") }))
    const broken = jack(lost)
    return Effect.gen(function* () {
      const made = yield* calling((client) => client.createDatabase("p1", "DB")).pipe(Effect.provide(layer()))
      assert.deepStrictEqual(made, { id: "r1", binding: "DB" })
      assert.deepStrictEqual(asked(), ["POST /v1/projects/p1/resources/d1"])
      assert.deepStrictEqual(yield* Effect.promise(() => requests[0]!.json()), { binding_name: "DB" })
      const { error } = yield* failing((client) => client.createDatabase("p1", "DB")).pipe(
        Effect.provide(broken.layer())
      )
      assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      assert.strictEqual(broken.requests.length, 1)
    })
  })

  it.effect("answers the rows of a query", () => {
    const { layer, asked } = jack(json(200, { success: true, results: [{ name: "0001.sql" }], meta: {} }))
    return Effect.gen(function* () {
      const rows = yield* calling((client) => client.query("p1", "DB", "SELECT name FROM t"))
      assert.deepStrictEqual(rows, [{ name: "0001.sql" }])
      assert.deepStrictEqual(asked(), ["POST /v1/projects/p1/database/query"])
    }).pipe(Effect.provide(layer()))
  })

  const failures = [
    ["a syntax error", 'D1 error: near "CREAT": syntax error at offset 0: SQLITE_ERROR', "QueryRejected"],
    ["a broken constraint", "D1 error: UNIQUE constraint failed: t.name: SQLITE_CONSTRAINT", "QueryRejected"],
    ["a long name", `D1 error: no such table: ${"n".repeat(400)}: SQLITE_ERROR`, "QueryRejected"],
    ["too much work", "D1 error: D1 DB exceeded its CPU time limit and was reset.", "QueryRejected"],
    ["an overload", "D1 error: D1 DB is overloaded. Requests queued for too long.", "ControlPlaneUnavailable"],
    ["a lock", "D1 error: database is locked: SQLITE_BUSY", "ControlPlaneUnavailable"],
    ["an error without words", "D1 query failed", "ControlPlaneUnavailable"]
  ] as const
  for (const [what, message, tag] of failures) {
    it.effect(`reports ${what} as ${tag}, and does not repeat the statements`, () => {
      const { layer, requests } = jack(json(500, { error: "query_failed", message }))
      return Effect.gen(function* () {
        const { error } = yield* failing((client) => client.execute("p1", "DB", "CREAT TABLE t (a)"))
        assert.strictEqual(error._tag, tag)
        assert.notMatch(error.message, tag === "QueryRejected" ? /^D1 error/ : /^$/)
        assert.strictEqual(requests.length, 1)
      }).pipe(Effect.provide(layer()))
    })
  }

  it.effect("is refused with a 404 where there is none", () => {
    const { layer } = jack(json(404, { error: "not_found", message: "No database found for project" }), text(500, ""))
    return Effect.gen(function* () {
      const { error } = yield* failing((client) => client.query("p1", "DB", "SELECT 1"))
      assert(error._tag === "ControlPlaneRefused")
      assert.strictEqual(error.status, 404)
    }).pipe(Effect.provide(layer()))
  })
})
