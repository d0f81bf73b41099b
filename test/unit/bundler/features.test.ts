import { assert, describe, it } from "@effect/vitest"
import { LIMITS } from "../../../src/bundler/index.ts"
import { checkDefaultExport } from "../../../src/bundler/project/default-export.ts"
import { answering, makeBundler } from "../../support/bundler.ts"

const { bundle, refusal, values } = makeBundler()
const fine = { "index.ts": answering("", "1") }
describe("cases in which an earlier bundler failed", () => {
  it("limits bytes, not UTF-16 units, and accepts exactly the limit", async () => {
    const source = (bytes: number) => ({ ...fine, "a.txt": "é".repeat((bytes - fine["index.ts"].length) / 2) })
    const odd = fine["index.ts"].length % 2
    assert.strictEqual(odd, 0)
    assert.deepStrictEqual(await values(source(LIMITS.sourceBytes)), [1])
    assert.include((await refusal(source(LIMITS.sourceBytes + 2)))[0]?.text, "512002 bytes")
  })

  it("accepts empty files", async () => {
    const files = { "index.ts": answering("import t from './t.txt'\nimport './e'", "t"), "t.txt": "", "e.ts": "" }
    assert.deepStrictEqual(await values(files), [""])
  })

  it("finds a.ts and a.tsx for ./a.js, and the index of folders", async () => {
    const entry = answering("import a from './a.js'\nimport b from './b.js'\nimport c from './c'", "a", "b", "c")
    const files = { "a.ts": "export default 1", "b.tsx": "export default 2", "c/index.mts": "export default 3" }
    assert.deepStrictEqual(await values({ "index.ts": entry, ...files }), [1, 2, 3])
  })

  it("does not stop .. at the root", async () => {
    assert.include((await refusal({ "index.ts": "import '../../a'", "a.ts": "" }))[0]?.text, "leads out")
  })

  it("does not find the prototype for ./toString", async () => {
    assert.include((await refusal({ "index.ts": "import './toString'" }))[0]?.text, "not among the files")
  })

  it("does not turn https:// imports into paths, nor fetch cloudflare: and node:", async () => {
    const asked: Array<string> = []
    const fetch = (async (url: string) => {
      asked.push(url)
      return new Response("export default 1", { headers: { "content-type": "application/javascript" } })
    }) as typeof globalThis.fetch
    const { bundle } = makeBundler({ fetch })
    const entry =
      "import { env } from 'cloudflare:workers'\nimport fs from 'node:fs'\nimport a from 'https://esm.sh//a@1/b?c#d'\n"
    await bundle({ "index.ts": `${entry}export default { fetch: () => [env, fs, a] }` })
    assert.deepStrictEqual(asked, ["https://esm.sh//a@1/b?c"])
  })

  it("puts only valid versions into URLs", async () => {
    const hint = async (version: string) => {
      const [found] = await refusal({
        "index.ts": "import pad from 'left-pad'\nexport default { fetch: pad }",
        "package.json": JSON.stringify({ dependencies: { "left-pad": version } })
      })
      return found?.hint ?? ""
    }
    assert.include(await hint("^1.3.0"), 'import pad from "https://esm.sh/left-pad@^1.3.0"')
    for (const version of ["1/../../evil", "*?x=1", "git+https://evil.test", "latest@evil"])
      assert.include(await hint(version), 'import pad from "https://esm.sh/left-pad"')
  })

  it("does not take declarations as entrypoints", async () => {
    assert.include((await refusal({ "types.d.ts": "export default 1", "index.d.ts": "" }))[0]?.text, "no entrypoint")
  })

  it("requests a default export", async () => {
    assert.include((await refusal({ "index.ts": "export const fetch = 1" }))[0]?.text, "no default export")
  })
})

describe("the default export", () => {
  it("is refused if it certainly cannot serve", async () => {
    for (const program of ["42", '"x"', "null", "[1, 2]", "{}"]) {
      const [found] = await refusal({ "index.ts": `// a comment\nexport default ${program}` })
      assert.include(found?.text, "cannot answer requests", program)
      assert.deepInclude(found, { file: "index.ts", line: 2, source: `export default ${program}` })
    }
    assert.include((await refusal({ "index.ts": "const x = 1\nexport { x as default }" }))[0]?.text, "a number")
  })

  it("passes if it may serve", async () => {
    const good = [
      "{ fetch() {} }",
      "{ ...globalThis.x }",
      "{ ['fe' + 'tch']() {} }",
      "class { fetch() {} }",
      "new (class { fetch() {} })()",
      "Object.assign({}, { fetch() {} })",
      "globalThis.app",
      "{ async fetch() {}, scheduled() {} }",
      "/* it is */ { fetch: () => '};\\nexport {' }"
    ]
    for (const program of good) await bundle({ "index.ts": `export default ${program}` })
    for (const undecided of ["{ get() {} }", "(request) => new Response()", "function () {}", "`${globalThis.x}`"])
      await bundle({ "index.ts": `export default ${undecided}` })
    const template = "const page = `\nvar index_default = 42;\nexport {\n  index_default as default\n};\n`\n"
    await bundle({ "index.ts": `${template}export default { fetch: () => new Response(page) }` })
    await bundle({ "index.ts": "import { Hono } from 'hono'\nconst app = new Hono()\nexport default app" })
    await bundle({ "index.ts": "class A {}\nconst worker = {}\nworker.fetch = () => 1\nexport default worker as A" })
  })

  it("passes if the code is not understood", () =>
    assert.isUndefined(checkDefaultExport("a.ts", ["default"], "whatever")))
})

describe("tsconfig.json", () => {
  it("gives paths, the longest match first, then the next target", async () => {
    const entry = answering(
      "import a from '@/a'\nimport b from '@/lib/b'\nimport c from 'exact'\nimport d from '@/d'",
      ..."abcd"
    )
    const paths = { "@/*": ["./nowhere/*", "./src/*"], "@/lib/*": ["./lib/*.js"], exact: ["./src/a"] }
    assert.deepStrictEqual(
      await values({
        "src/index.ts": entry,
        "src/a.ts": "export default 1",
        "lib/b.ts": "export default 2",
        "src/d/index.ts": "export default 3",
        "tsconfig.json": `\uFEFF{ // comment\n "compilerOptions": { "paths": ${JSON.stringify(paths)}, }, }`
      }),
      [1, 2, 1, 3]
    )
  })

  it("gives baseUrl, and what it extends, relative to where it is written", async () => {
    assert.deepStrictEqual(
      await values({
        "src/index.ts": answering("import a from 'lib/a'\nimport b from '~b'", "a", "b"),
        "src/lib/a.ts": "export default 1",
        "config/b.ts": "export default 2",
        "tsconfig.json": '{ "extends": ["./config/base", "./tsconfig.json"], "compilerOptions": { "baseUrl": "src" } }',
        "config/base.json": '{ "compilerOptions": { "paths": { "~b": ["../config/b"] } } }'
      }),
      [1, 2]
    )
  })

  it("warns of a missing base config, and refuses an invalid one", async () => {
    const { warnings } = await bundle({ ...fine, "tsconfig.json": '{ "extends": "@tsconfig/strictest" }' })
    assert.include(warnings[0]?.text, "@tsconfig/strictest")
    assert.deepInclude((await refusal({ ...fine, "tsconfig.json": '{\n "a": [}' }))[0], {
      file: "tsconfig.json",
      line: 2
    })
    assert.deepStrictEqual(await values({ ...fine, "tsconfig.json": "" }), [1])
  })

  it("may be deeply nested", async () => {
    assert.strictEqual((await refusal({ ...fine, "tsconfig.json": "[".repeat(200_000) }))[0]?.file, "tsconfig.json")
    for (const file of ["tsconfig.json", "lib/package.json", "lib/jsconfig.json"])
      assert.deepInclude((await refusal({ ...fine, [file]: "[".repeat(200_000) + "]".repeat(200_000) }))[0], { file })
  })
})

describe("package.json", () => {
  it("gives exports and imports, by condition and by pattern", async () => {
    const manifest = {
      name: "me",
      main: "nowhere.js",
      exports: { ".": { types: "./x.d.ts", workerd: "./src/main.ts" }, "./util/*": "./src/util/*.js", "./no": null },
      imports: { "#db": { node: "./no.ts", default: ["./src/db.ts"] }, "#h/*": "hono/*", "#node": "node:path" }
    }
    const entry = answering(
      "import db from '#db'\nimport { cors } from '#h/cors'\nimport a from 'me/util/a'\nimport { join } from '#node'",
      ..."db|typeof cors|a|join('a', 'b')".split("|")
    )
    const files = { "src/main.ts": entry, "src/db.ts": "export default 1", "src/util/a.ts": "export default 2" }
    const json = { "package.json": JSON.stringify(manifest) }
    const bundled = await bundle({ ...files, ...json })
    assert.deepInclude(bundled, { entrypoint: "src/main.ts", compatibilityFlags: ["nodejs_compat"], warnings: [] })
    assert.deepStrictEqual(await values({ ...files, ...json }), [1, "function", 2, "a/b"])
    for (const specifier of ["me/no", "me/other", "#nope", "me-not"])
      assert.include(
        (await refusal({ ...files, ...json, "src/db.ts": `import '${specifier}'` }))[0]?.text,
        "not available"
      )
  })

  it("does not lead out of the project", async () => {
    const json = { "package.json": '{ "imports": { "#x": "./../x.ts", "#y": "./y/*", "__proto__": "./index.ts" } }' }
    const files = { "index.ts": "import '#x'\nimport '#y'", "x.ts": "", ...json }
    for (const { text } of await refusal(files)) assert.match(text, /"#[xy]" is not available/)
  })
})
