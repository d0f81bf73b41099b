import { assert, describe, it } from "@effect/vitest"
import { answer, answering, makeBundler } from "../../../support/bundler.ts"

const { bundle, refusal, values } = makeBundler()

/** A module of WebAssembly that does nothing. */
const wasm = { base64: "AGFzbQEAAAA=" }
const bytes = { base64: "AP+A" }

const config = (settings: object) => ({ "wrangler.json": JSON.stringify({ main: "src/a.ts", ...settings }) })

describe("WebAssembly", () => {
  it("stays an import of a module beside the bundle", async () => {
    for (const specifier of ["./lib/add one.wasm", "./lib/add one.wasm?module"]) {
      const source = `import add from ${JSON.stringify(specifier)}\nexport default { fetch: () => new Response(String(add)) }`
      const { code, modules } = await bundle({ "src/a.ts": source, "src/lib/add one.wasm": wasm, ...config({}) })
      assert.deepStrictEqual(modules, [{ name: "src/lib/add_20one.wasm", kind: "wasm", base64: wasm.base64 }])
      assert.include(code, 'from "./src/lib/add_20one.wasm"')
    }
  })

  it("is uploaded once, and only if it is imported", async () => {
    const source = "import a from './a.wasm'\nimport './b.ts'\nexport default { fetch: () => new Response(String(a)) }"
    const other = "import a from './a.wasm'; console.log(a)"
    const { modules } = await bundle({ "index.ts": source, "b.ts": other, "a.wasm": wasm, "c.wasm": wasm })
    assert.deepStrictEqual(
      modules.map(({ name }) => name),
      ["a.wasm"]
    )
  })

  it("is refused where it cannot be any", async () => {
    const source = { "index.ts": answering("import a from './a.wasm'", "a") }
    const [text] = await refusal({ ...source, "a.wasm": "asm" })
    assert.include(text, { file: "index.ts", line: 1 })
    assert.match(text?.hint ?? "", /base64/)
    const [png] = await refusal({ ...source, "a.wasm": bytes })
    assert.include(png?.text, '"a.wasm" is no WebAssembly module')
    assert.include((await refusal({ ...source, "b.wasm": wasm }))[0]?.text, "not among the files")
  })

  it("matches the patterns of a configuration", async () => {
    const source = "import a from './a.module'\nexport default { fetch: () => new Response(String(a)) }"
    const rules = [{ type: "CompiledWasm", globs: ["**/*.module"] }]
    const { modules } = await bundle({ "src/a.ts": source, "src/a.module": wasm, ...config({ rules }) })
    assert.deepStrictEqual(
      modules.map(({ name }) => name),
      ["src/a.module.wasm"]
    )
  })
})

describe("files of bytes", () => {
  it("are imported as an ArrayBuffer by wrangler's default rule", async () => {
    const source = answering("import a from './a.bin'", "a instanceof ArrayBuffer", "[...new Uint8Array(a)]")
    assert.deepStrictEqual(await values({ "index.ts": source, "a.bin": bytes }), [true, [0, 255, 128]])
    assert.deepStrictEqual(await values({ "index.ts": source, "a.bin": "é" }), [true, [195, 169]])
  })

  it("are imported as the rules say", async () => {
    const source = answering("import a from './a.png'\nimport b from './b.njk'", "[...new Uint8Array(a)]", "b")
    const rules = [
      { type: "Data", globs: ["**/*.png"] },
      { type: "Text", globs: ["**/*.njk"], fallthrough: true }
    ]
    const files = { "src/a.ts": source, "src/a.png": bytes, "src/b.njk": "{{ x }}" }
    assert.deepStrictEqual(await values({ ...files, ...config({ rules }) }), [[0, 255, 128], "{{ x }}"])
    assert.include((await refusal({ ...files, ...config({}) }))[0]?.text, "files cannot be imported")
    const [found] = await refusal({ ...files, "src/b.njk": bytes, ...config({ rules }) })
    assert.include(found?.text, "none in UTF-8")
  })

  it("are imported by attribute as they are", async () => {
    const source = answering("import a from './a.dat' with { type: 'bytes' }", "a instanceof Uint8Array", "[...a]")
    assert.deepStrictEqual(await values({ "index.ts": source, "a.dat": bytes }), [true, [0, 255, 128]])
  })

  it("leave texts and scripts as they were", async () => {
    const source = answering(
      "import a from './a.txt'\nimport b from './b.ts'\nimport c from './c.json'",
      "a",
      "b",
      "c.x"
    )
    const files = { "index.ts": source, "a.txt": "é", "b.ts": "export default 2 as number", "c.json": '{"x":3}' }
    const plain = await bundle(files)
    const withBytes = await bundle({ ...files, "logo.png": bytes, "b.ts": { base64: btoa(files["b.ts"]) } })
    assert.strictEqual(withBytes.code, plain.code)
    assert.deepStrictEqual(await (await answer(plain)).json(), ["é", 2, 3])
  })
})

describe("settings of the build", () => {
  it("define names", async () => {
    const define = { VERSION: '"1.2"', "APP.DEBUG": "true", LIMIT: "5", ROOT: "globalThis" }
    const source = answering("", "VERSION", "APP.DEBUG", "LIMIT", "typeof ROOT.fetch", "process.env.NODE_ENV")
    assert.deepStrictEqual(await values({ "src/a.ts": source, ...config({ define }) }), [
      "1.2",
      true,
      5,
      "function",
      "production"
    ])
  })

  it("replace modules", async () => {
    const alias = { left: "./lib/right.ts", "~/x": "hono/http-exception" }
    const source = answering(
      "import left from 'left'\nimport { HTTPException } from '~/x'",
      "left",
      "typeof HTTPException"
    )
    const files = { "src/a.ts": source, "lib/right.ts": "export default 7", ...config({ alias }) }
    assert.deepStrictEqual(await values(files), [7, "function"])
    const [found] = await refusal({ ...files, ...config({ alias: { ...alias, left: "./none" } }) })
    assert.include(found?.text, 'The alias of "left" leads to no module')
    assert.include(found, { file: "src/a.ts", line: 1 })
  })
})

describe("classes of Durable Objects", () => {
  const settings = {
    durable_objects: { bindings: [{ name: "ROOMS", class_name: "Room" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }]
  }
  const start = "import { DurableObject } from 'cloudflare:workers'\nexport default { fetch() {} }\n"

  it("are exported by the program", async () => {
    const { resources } = await bundle({
      "src/a.ts": `${start}export class Room extends DurableObject {}`,
      ...config(settings)
    })
    assert.deepStrictEqual(resources.durableObjects?.bindings, [{ name: "ROOMS", className: "Room" }])
  })

  it("run with nodejs_compat, which the host wants for them", async () => {
    const source = { "src/a.ts": `${start}export class Room extends DurableObject {}` }
    const flags = async (written: ReadonlyArray<string>, more: object) =>
      (await bundle({ ...source, ...config({ ...more, compatibility_flags: written }) })).compatibilityFlags
    assert.deepStrictEqual(await flags([], settings), ["nodejs_compat"])
    assert.deepStrictEqual(await flags(["nodejs_compat_v2"], settings), ["nodejs_compat", "nodejs_compat_v2"])
    assert.deepStrictEqual(await flags([], {}), [])
  })

  it("are missed at the place that names them", async () => {
    const [found] = await refusal({ "src/a.ts": `${start}class Room extends DurableObject {}`, ...config(settings) })
    assert.include(found?.text, 'does not export the class "Room"')
    assert.strictEqual(found?.file, "wrangler.json")
  })
})

it("a project has its settings, data and migrations in its bundle", async () => {
  const found = await bundle({
    "src/a.ts": "export default { fetch() {} }",
    "migrations/0001_init.sql": "CREATE TABLE t (x)",
    ...config({
      compatibility_date: "2026-01-02",
      compatibility_flags: ["nodejs_compat", "global_fetch_strictly_public"],
      vars: { A: "b" },
      d1_databases: [{ binding: "DB" }],
      kv_namespaces: [{ binding: "KV" }]
    })
  })
  assert.deepInclude(found, {
    compatibilityDate: "2026-01-02",
    compatibilityFlags: ["nodejs_compat", "global_fetch_strictly_public"],
    vars: { A: "b" },
    resources: { kv: ["KV"], r2: [], database: "DB", durableObjects: null },
    migrations: { table: "d1_migrations", files: [{ name: "0001_init.sql", sql: "CREATE TABLE t (x)" }] },
    assets: null,
    modules: []
  })
})
