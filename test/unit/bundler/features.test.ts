import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { BundleError, BundlerBusyError, formatDiagnostic, LIMITS } from "../../../src/bundler/index.ts"
import { checkDefaultExport } from "../../../src/bundler/project/default-export.ts"
import { LeasedSlots } from "../../../src/bundler/compiler/leased-slots.ts"
import { checkOutput, utf8Length } from "../../../src/bundler/limits.ts"
import { withoutComments } from "../../../src/bundler/project/jsonc.ts"
import { matchPattern } from "../../../src/bundler/resolve/patterns.ts"
import { answering, makeBundler, offline, wasm } from "../../support/bundler.ts"
import { createBundler } from "../../../src/bundler/index.ts"

const { bundle, refusal, values } = makeBundler()
const fine = { "index.ts": answering("", "1") }

describe("defects of an earlier bundler", () => {
  it("the limit is bytes, not UTF-16 units, and exactly it passes", async () => {
    const source = (bytes: number) => ({ ...fine, "a.txt": "é".repeat((bytes - fine["index.ts"].length) / 2) })
    const odd = fine["index.ts"].length % 2
    assert.strictEqual(odd, 0)
    assert.deepStrictEqual(await values(source(LIMITS.sourceBytes)), [1])
    assert.include((await refusal(source(LIMITS.sourceBytes + 2)))[0]?.text, "512002 bytes")
  })

  it("empty files are files", async () => {
    const files = { "index.ts": answering("import t from './t.txt'\nimport './e'", "t"), "t.txt": "", "e.ts": "" }
    assert.deepStrictEqual(await values(files), [""])
  })

  it("./a.js finds a.ts and a.tsx, folders find their index", async () => {
    const entry = answering("import a from './a.js'\nimport b from './b.js'\nimport c from './c'", "a", "b", "c")
    const files = { "a.ts": "export default 1", "b.tsx": "export default 2", "c/index.mts": "export default 3" }
    assert.deepStrictEqual(await values({ "index.ts": entry, ...files }), [1, 2, 3])
  })

  it(".. does not clamp at the root", async () => {
    assert.include((await refusal({ "index.ts": "import '../../a'", "a.ts": "" }))[0]?.text, "leads out")
  })

  it("./toString does not find the prototype", async () => {
    assert.include((await refusal({ "index.ts": "import './toString'" }))[0]?.text, "not among the files")
  })

  it("https:// imports are not mangled into paths, nor cloudflare: and node: fetched", async () => {
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

  it("version strings do not get into URLs unless they are versions", async () => {
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

  it("declarations are no entrypoints", async () => {
    assert.include((await refusal({ "types.d.ts": "export default 1", "index.d.ts": "" }))[0]?.text, "no entrypoint")
  })

  it("a default export is asked for", async () => {
    assert.include((await refusal({ "index.ts": "export const fetch = 1" }))[0]?.text, "no default export")
  })
})

describe("the default export", () => {
  it("is refused where it certainly cannot serve", async () => {
    for (const program of ["42", '"x"', "null", "[1, 2]", "{}"]) {
      const [found] = await refusal({ "index.ts": `// a comment\nexport default ${program}` })
      assert.include(found?.text, "cannot answer requests", program)
      assert.deepInclude(found, { file: "index.ts", line: 2, source: `export default ${program}` })
    }
    assert.include((await refusal({ "index.ts": "const x = 1\nexport { x as default }" }))[0]?.text, "a number")
  })

  it("passes where it may serve", async () => {
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

  it("has nothing to say of code that it does not understand", () =>
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

  it("does not break at its depth", async () => {
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

describe("limits", () => {
  it("count files, bytes and characters before any work", async () => {
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`${index}.txt`, ""]))
    assert.include((await refusal({ ...fine, ...many }))[0]?.text, "502 files")
    assert.include(
      (await refusal({ ...fine, "a.txt": "x".repeat(5_000_000) }))[0]?.text,
      `${5_000_000 + fine["index.ts"].length} bytes`
    )
    assert.include((await refusal({ ...fine, [`${"x".repeat(509)}.txt`]: "" }))[0]?.text, "longer than 512")
    for (const path of ["../a", "/a", "a\\b", "a\0b", "a\ud800", "", "a/"])
      assert.include((await refusal({ ...fine, [path]: "" }))[0]?.text, "The path")
    assert.include((await refusal({ ...fine, x: 1 as unknown as string }))[0]?.text, "no text")
  })

  it("count bytes as UTF-8 does", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.strictEqual(utf8Length(text), new TextEncoder().encode(text).length)
      })
    ))

  it("hold the output to 4 MB", async () => {
    checkOutput("x".repeat(LIMITS.outputBytes))
    assert.throws(() => checkOutput("x".repeat(LIMITS.outputBytes + 1)), BundleError)
    assert.throws(() => checkOutput("é".repeat(LIMITS.outputBytes / 2 + 1)), BundleError)
    // Indentation: the output of deep nesting grows with its square.
    const deep = { "index.ts": `${"if(x){".repeat(3000)}y()${"}".repeat(3000)};export default {fetch(){}}` }
    assert.match((await refusal(deep))[0]?.text ?? "", /bundle is \d+ bytes|gave up/)
    assert.deepStrictEqual(await values(fine), [1])
  })

  it("hold the compiler's time", async () => {
    const error: unknown = await createBundler({ ...offline, wasm, timeoutMs: 0 })
      .bundle(fine)
      .catch((error: unknown) => error)
    assert.instanceOf(error, Error)
    assert.deepStrictEqual(await values(fine), [1])
  })

  it("limit builds in flight, and release those that ended without a result", async () => {
    const leases = new LeasedSlots(1)
    const never = leases.run(60_000, () => new Promise(() => {}))
    never.catch(() => {})
    assert.instanceOf(await leases.run(1, async () => 1).catch((error: unknown) => error), BundlerBusyError)
    const dead = new LeasedSlots(1)
    dead.run(0, () => new Promise(() => {})).catch(() => {})
    assert.strictEqual(await dead.run(1, async () => 1), 1)
    const many = await Promise.allSettled(Array.from({ length: 5 }, () => bundle(fine)))
    assert.strictEqual(many.filter(({ status }) => status === "fulfilled").length, LIMITS.builds)
  })
})

describe("diagnostics", () => {
  it("show the source line, all errors up to the cap, and where", async () => {
    const found = await refusal({
      "index.ts": "const a = 1\nimport x from './nope' // é\nimport y from './no2'\nexport default { x, y }"
    })
    assert.lengthOf(found, 2)
    assert.deepInclude(found[0], { file: "index.ts", line: 2, column: 15, source: "import x from './nope' // é" })
    assert.include(formatDiagnostic(found[0] ?? assert.fail()), "index.ts:2:15")
    const many = Array.from({ length: 200 }, (_, index) => `import './x${index}'`).join("\n")
    assert.lengthOf(await refusal({ "index.ts": many }), 50)
  })
})

describe("helpers", () => {
  it("comments become spaces and nothing moves", () => {
    for (const [text, json] of [
      ['{"a": "// no", /* x */ "b": [1, 2, ], }', '{"a": "// no",         "b": [1, 2  ]  }'],
      ['["\\"//", // x\n 1,\n]', '["\\"//",     \n 1 \n]']
    ] as const)
      assert.deepStrictEqual([withoutComments(text), JSON.parse(withoutComments(text))], [json, JSON.parse(json)])
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.lengthOf(withoutComments(text), text.length)
      })
    )
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.strictEqual(withoutComments(text), text)
      })
    )
  })

  it("patterns match exactly, or by their longest beginning", () => {
    const entries = [
      ["a*", 1],
      ["a/b*", 2],
      ["a/b", 3],
      ["*", 4],
      ["x*y*z", 5]
    ] as const
    const match = (specifier: string) => matchPattern(entries, specifier)?.value
    assert.deepStrictEqual(["a/b", "a/bc", "a/c", "q"].map(match), [3, 2, 1, 4])
  })
})

describe("any map of paths and strings", () => {
  /** Whatever happens is a bundle or our error. */
  const total = (files: Record<string, string>) =>
    bundle(files).then(
      ({ code }) => assert.isString(code),
      (error: unknown) => assert.instanceOf(error, BundleError)
    )
  const name = fc.oneof(
    fc.constantFrom(
      "index.ts",
      "src/index.tsx",
      "a.js",
      "b.json",
      "tsconfig.json",
      "package.json",
      "__proto__.ts",
      "toString",
      "x/index.ts"
    ),
    fc.string({ unit: "binary", maxLength: 12 })
  )
  const fragment = fc.constantFrom(
    ..."import x from './a'|import './b.json'|export default {fetch(){}}|export * from './x'|{|}|(|)|<p>|</p>|`${|enum A {B}|declare|@x class A{}|await|yield|import('./' + x)|require('./a')|/(?<a>.)/v|\\u{110000}|#!x|<!--|\0|\ud800|'use strict'|delete x|import x = require('y')|import 'https://esm.sh/x'".split(
      "|"
    )
  )
  const source = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join("\n"))
  )

  it("gives a bundle or a diagnostic, never a defect", async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(name, source, { maxKeys: 6 }), total), { numRuns: 250 })
    assert.deepStrictEqual(await values(fine), [1])
  })

  it("also where the entrypoint is there and its settings are anything", async () => {
    await fc.assert(
      fc.asyncProperty(source, fc.jsonValue(), fc.jsonValue(), (entry, tsconfig, manifest) =>
        total({
          "index.ts": entry,
          "tsconfig.json": JSON.stringify({ compilerOptions: tsconfig, extends: tsconfig }),
          "package.json": JSON.stringify({ exports: manifest, imports: manifest, main: manifest, name: "x" })
        })
      ),
      { numRuns: 150 }
    )
  })
})
