import { assert, describe, it } from "@effect/vitest"
import { BundleError } from "../../../../src/bundler/index.ts"
import { PACKAGE_LIMITS } from "../../../../src/bundler/npm/limits.ts"
import { answering, type Files, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

const esm = (source: string, json: Small["json"] = {}): Small => ({
  json: { type: "module", exports: "./index.js", ...json },
  files: { "index.js": source }
})

const dependencies = (ranges: Readonly<Record<string, string>>) => JSON.stringify({ dependencies: ranges })

const valuesOf = (packages: Readonly<Record<string, Small>>, files: Files) =>
  makeBundler(smallRegistry(packages).options).values(files)

const refusalOf = async (packages: Readonly<Record<string, Small>>, files: Files) => {
  const failed: unknown = await makeBundler(smallRegistry(packages).options)
    .bundle(files)
    .catch((error: unknown) => error)
  assert.instanceOf(failed, BundleError)
  assert.isFalse(failed.certain)
  return failed.diagnostics[0]
}

const THREE = {
  "a@1.0.0": esm("export default 1"),
  "a@1.5.0": esm("export default 1.5"),
  "a@2.0.0": esm("export default 2")
}

describe("the version of a package", () => {
  it("is the latest without a declaration, and the declared one with it", async () => {
    const index = answering('import a from "a"', "a")
    assert.deepStrictEqual(await valuesOf(THREE, { "index.ts": index }), [2])
    const older = { "index.ts": index, "package.json": dependencies({ a: "^1.0.0" }) }
    assert.deepStrictEqual(await valuesOf(THREE, older), [1.5])
  })

  it("comes from npm: specifiers, aliases and devDependencies", async () => {
    const index = answering('import a from "npm:a@1.0.0"\nimport b from "b"\nimport c from "c"', "a", "b", "c")
    const json = JSON.stringify({ dependencies: { b: "npm:a@~1.5.0" }, devDependencies: { c: "npm:a@^2" } })
    assert.deepStrictEqual(await valuesOf(THREE, { "index.ts": index, "package.json": json }), [1, 1.5, 2])
  })

  it("is nested where two packages need different ones, and the project's where it satisfies", async () => {
    const on = (range: string) => esm('export { default } from "a"', { dependencies: { a: range } })
    const packages = { ...THREE, "x@1.0.0": on("^2"), "y@1.0.0": on("1.0.0"), "z@1.0.0": on(">=1") }
    const index = answering('import x from "x"\nimport y from "y"\nimport z from "z"', "x", "y", "z")
    const files = { "index.ts": index, "package.json": dependencies({ a: "^1" }) }
    assert.deepStrictEqual(await valuesOf(packages, files), [2, 1, 1.5])
  })

  it("is repeated by the lock, with the same code", async () => {
    const files = { "index.ts": answering('import a from "a"', "a") }
    const first = await makeBundler(smallRegistry({ "a@1.0.0": esm("export default 1") }).options).bundle(files)
    const { bundle } = makeBundler(smallRegistry(THREE).options)
    assert.strictEqual((await bundle(files, { lock: first.lock })).code, first.code)
    assert.notStrictEqual((await bundle(files)).code, first.code)
    assert.deepStrictEqual(Object.keys(first.lock), ["a@latest"])
  })
})

describe("an import", () => {
  it("mixes CommonJS and ES modules as Node does", async () => {
    const cjs: Small = {
      files: { "index.js": 'exports.__esModule = true; exports.default = 1; exports.b = 2; require("crypto")' }
    }
    const packages = {
      "c@1.0.0": cjs,
      "e@1.0.0": esm('import c from "c"\nexport default c.default', { dependencies: { c: "1" } })
    }
    assert.deepStrictEqual(
      await valuesOf(packages, { "index.js": answering('import e from "e"\nimport { b } from "c"', "e", "b") }),
      [1, 2]
    )
  })

  it("takes the conditions of Workers", async () => {
    const json = {
      exports: { ".": { node: "./node.js", workerd: "./workerd.js", default: "./node.js" }, "./*": "./lib/*.js" }
    }
    const files = { "node.js": "export default 1", "workerd.js": "export default 2", "lib/sub.js": "export default 3" }
    const packages = { "p@1.0.0": { json: { type: "module", ...json }, files } }
    assert.deepStrictEqual(
      await valuesOf(packages, { "index.ts": answering('import p from "p"\nimport s from "p/sub"', "p", "s") }),
      [2, 3]
    )
  })

  it("of a barrel takes what it names, also where the guess overlooks the importer", async () => {
    const files = {
      "index.js": 'export * from "./a.js"\nexport { b } from "./b.js"',
      "a.js": "export const a = 1",
      "b.js": "export const b = 2"
    }
    const packages = { "p@1.0.0": { json: { type: "module", sideEffects: false, exports: "./index.js" }, files } }
    const project = {
      "index.ts": answering('import { a } from "p"\nimport { other } from "@x/other"', "a", "other"),
      "lib/y/other.ts": 'import * as p from "p"\nexport const other = p.b',
      "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "@x/*": ["./lib/y/*"] } } })
    }
    assert.deepStrictEqual(await valuesOf(packages, project), [1, 2])
  })

  it("leaves the files, hono and Node's modules of the project as they are", async () => {
    const { asked, options } = smallRegistry(THREE)
    const files = {
      "index.ts": answering(
        'import a from "a"\nimport { Hono } from "hono"\nimport type { T } from "t"\nimport fs from "fs"',
        "a",
        "typeof Hono",
        "typeof fs"
      ),
      "node_modules/a/index.js": "module.exports = 0"
    }
    assert.deepStrictEqual((await makeBundler(options).bundle(files)).lock, {})
    assert.deepStrictEqual(asked, [])
  })

  it("of one file with and without attributes takes two rounds", async () => {
    const packages = { "a@1.0.0": esm("export default 1", { exports: { ".": "./index.js", "./*": "./*" } }) }
    const { asked, options } = smallRegistry(packages)
    const imports = 'import a from "a/package.json"\nimport b from "a/package.json" with { type: "json" }'
    const files = { "index.ts": answering(imports, "a.version", "b.version") }
    assert.deepStrictEqual(await makeBundler(options).values(files), ["1.0.0", "1.0.0"])
    assert.isAtMost(asked.length, 3, "the description, and the archive in two rounds")
  })

  it("of #names follows the nearest package.json", async () => {
    const files = {
      "index.js": "throw 1",
      "esm/package.json": JSON.stringify({
        type: "module",
        imports: { "#a": { workerd: "./a.js", default: "./no.js" } }
      }),
      "esm/index.js": 'export { default } from "#a"',
      "esm/a.js": "export default 7"
    }
    const json = { exports: "./esm/index.js", imports: { "#a": "./index.js" } }
    const index = answering('import a from "a"', "a")
    assert.deepStrictEqual(await valuesOf({ "a@1.0.0": { json, files } }, { "index.js": index }), [7])
  })

  it("of an optional package that is not there throws at run time", async () => {
    const source = 'let found = true; try { require("gone") } catch { found = false }; module.exports = found'
    assert.deepStrictEqual(
      await valuesOf(
        { "o@1.0.0": { files: { "index.js": source } } },
        { "index.js": answering('import o from "o"', "o") }
      ),
      [false]
    )
  })
})

describe("a refusal", () => {
  it("names the chain of packages at the author's import", async () => {
    const packages = {
      "a@1.0.0": esm('import "b"', { dependencies: { b: "*" } }),
      "b@1.0.0": esm('import "react"', {
        peerDependencies: { react: "*" },
        peerDependenciesMeta: { react: { optional: true } }
      })
    }
    const diagnostic = await refusalOf(packages, { "src/index.ts": 'import "a"\nexport default {}' })
    assert.deepInclude(diagnostic, { file: "src/index.ts", line: 1, column: 8 })
    assert.include(diagnostic?.hint, 'Add "react"')
    assert.include(diagnostic?.hint, "src/index.ts → a@1.0.0 → b@1.0.0")
  })

  it("names a missing peer before the size, and none that is there", async () => {
    const numbers = Array.from({ length: PACKAGE_LIMITS.moduleBytes / 6 }, (_, at) => at)
    const huge = `export default [${numbers.join(",")}]`
    const peer = { peerDependencies: { react: "*" }, peerDependenciesMeta: { react: { optional: true } } }
    const packages = {
      "huge@1.0.0": esm(huge),
      "p@1.0.0": esm('import "react"', peer),
      "q@1.0.0": esm('require("react")\n// import "react"', peer),
      "r@1.0.0": esm('export const text = `\nimport "Run"\n`'),
      "s@1.0.0": esm(`export default 'Write import { x } from "react", or add:\\nimport x from "react"'`, peer),
      "react@1.0.0": esm("export default 1")
    }
    const of = (imports: string, json = "{}") =>
      refusalOf(packages, { "src/index.ts": `import "huge"\n${imports}\nexport default {}`, "package.json": json })
    const missing = await of('import "p"')
    assert.deepInclude(missing, { file: "src/index.ts", line: 2, column: 8 })
    assert.include(missing?.text, 'p@1.0.0 imports "react", which the project must provide')
    assert.include((await of('import "p"', dependencies({ react: "1" })))?.text, "more than 4.0 MiB")
    assert.include((await of('import "q"\nimport "r"\nimport "s"'))?.text, "more than 4.0 MiB")
  })

  it("names other subpaths, versions and replacements", async () => {
    const packages = {
      ...THREE,
      "p@1.0.0": esm("", { exports: { "./sub": "./index.js" } }),
      "bcrypt@5.0.0": { files: { "binding.gyp": "{}" } },
      "@node-rs/bcrypt@1.0.0": {
        json: { main: "index.js", browser: "browser.js" },
        files: { "index.js": "", "browser.js": 'export * from "@node-rs/bcrypt-wasm32-wasi"' }
      },
      "@node-rs/crc32@1.0.0": {
        json: {
          optionalDependencies: { "@node-rs/crc32-linux-x64-gnu": "1.0.0", "@node-rs/crc32-darwin-arm64": "1.0.0" }
        }
      }
    }
    const of = (source: string, json = "{}") =>
      refusalOf(packages, { "index.ts": `${source}\nexport default {}`, "package.json": json })
    assert.include((await of('import "p"'))?.hint, "p/sub")
    assert.include((await of('import "a"', dependencies({ a: "^9" })))?.hint, "2.0.0")
    assert.include((await of('import "bcrypt"'))?.hint, "bcryptjs")
    assert.include((await of('import "@node-rs/crc32"'))?.hint, "node:zlib")
    const threaded = await of('import "@node-rs/bcrypt"')
    assert.include(threaded?.text, "@node-rs/bcrypt@1.0.0 has a native add-on")
    assert.include(threaded?.hint, "bcryptjs")
    assert.include((await of('import "nowhere"'))?.text, "nowhere")
  })

  it("of another registry says what to write, without a request", async () => {
    const { asked, options } = smallRegistry(THREE)
    const [diagnostic] = await makeBundler(options).refusal({ "index.ts": 'import "jsr:@std/path"\nexport default {}' })
    assert.include(diagnostic?.text, "JSR")
    assert.include(diagnostic?.hint, "node:path")
    assert.deepStrictEqual(asked, [])
  })
})

describe("a package that fetches a program when it is installed", () => {
  it("is refused, unless it does without", async () => {
    const small: Small = {
      json: { scripts: { postinstall: "node install.mjs" } },
      files: { "index.js": "exports.a = 1" }
    }
    const packages = { "player@1.0.0": small, "puppeteer@1.0.0": small }
    assert.include(
      (await refusalOf(packages, { "index.js": 'import "player"\nexport default {}' }))?.text,
      "native add-on"
    )
    assert.deepStrictEqual(await valuesOf(packages, { "index.js": answering('import p from "puppeteer"', "p.a") }), [1])
  })
})

describe("a warning", () => {
  it("tells of code that throws on Workers, and of deprecation", async () => {
    const packages = { "w@1.0.0": { ...esm('export default () => new Function("return 1")'), deprecated: "Use v." } }
    const { warnings } = await makeBundler(smallRegistry(packages).options).bundle({
      "index.ts": answering('import w from "w"', "typeof w")
    })
    assert.deepStrictEqual(
      warnings.map(({ file, text }) => `${file}: ${text}`),
      [
        "index.ts: w@1.0.0 may throw where it makes code from text (new Function or eval), because Workers refuse that",
        "index.ts: w@1.0.0 is deprecated"
      ]
    )
  })
})
