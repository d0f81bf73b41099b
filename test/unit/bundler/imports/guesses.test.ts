import { randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { blankText } from "../../../../src/bundler/npm/source/blank-text.ts"
import { PACKAGE_LIMITS } from "../../../../src/bundler/npm/limits.ts"
import { RegistryUnavailableError } from "../../../../src/bundler/index.ts"
import { answer, answering, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

const MENTIONS = `/*
import a from "a"
*/
const text = \`
import b from "b"
\${"x" + \`import("c")\`}\`
const pattern = /\\\`[/"']/, d = 1 / 2`

const down = {
  packages: { registry: "https://registry.test/" },
  fetch: (async () => new Response("", { status: 503 })) as typeof fetch
}

describe("text that looks like an import", () => {
  it("asks the registry for nothing", async () => {
    const registry = smallRegistry({ "a@1.0.0": {} })
    const { code, lock } = await makeBundler(registry.options).bundle({ "index.js": answering(MENTIONS, "text") })
    assert.deepStrictEqual(registry.asked, [])
    assert.deepStrictEqual(lock, {})
    assert.include(await (await answer({ code })).text(), "import b")
  })

  it("leaves the code around it as it is", () => {
    assert.strictEqual(blankText("a`b${c({ d: `e` })}f`g").replaceAll(" ", ""), "ac({d:})g")
    assert.strictEqual(blankText('a = "`"; b = 1 / 2 / `c`; d', true).replace(/ +/g, " "), "a = ; b = 1 / 2 / ; d")
    assert.strictEqual(blankText('return /"`/.test(a) // b\n"c"').replace(/ +/g, " "), 'return .test(a) \n"c"')
  })
})

describe("a wrong guess", () => {
  // The condition is never true, which only the compiler knows.
  const dead = { "index.js": answering('if (process.env.NODE_ENV === "test") require("a")', "1") }

  it("does not fail the build while the registry is down", async () => {
    assert.deepStrictEqual(await makeBundler(down).values(dead), [1])
    const failed: unknown = await makeBundler(down)
      .bundle({ "index.js": answering('import a from "a"', "a") })
      .catch((error: unknown) => error)
    assert.instanceOf(failed, RegistryUnavailableError)
  })

  it("adds nothing to the lock", async () => {
    const files = { "index.js": "exports.a = 1" }
    const { options } = smallRegistry({ "a@1.0.0": { files }, "b@1.0.0": { files } })
    const index = answering('import b from "b"\nif (process.env.NODE_ENV === "test") require("a")', "b")
    const { lock } = await makeBundler(options).bundle({ "index.js": index })
    assert.deepStrictEqual(Object.keys(lock), ["b@latest"])
  })
})

describe("a wrong guess beside a right one", () => {
  const names = Array.from({ length: PACKAGE_LIMITS.packages + 1 }, (_, at) => `p${at}`)
  const on = (dependencies: ReadonlyArray<string>, source: string): Small => ({
    json: { type: "module", dependencies: Object.fromEntries(dependencies.map((it) => [it, "1"])) },
    files: { "index.js": source }
  })
  const registry = smallRegistry({
    ...Object.fromEntries(names.map((name) => [`${name}@1.0.0`, {}])),
    "many@1.0.0": on(names, names.map((name) => `import "${name}"`).join("\n")),
    "a@1.0.0": on(["b"], 'export { b } from "b"'),
    "b@1.0.0": on([], "export const b = 1")
  })
  const { bundle, refusal, values } = makeBundler(registry.options)

  it("does not fail the build where it exceeds a limit", async () => {
    const advice = `'write import many from "many" first'`
    const files = { "index.js": answering(`import { b } from "a"\nconst advice = ${advice}`, "b") }
    assert.deepStrictEqual(await values(files), [1])
    assert.deepStrictEqual(Object.keys((await bundle(files)).lock), ["a@latest", "b@1"])
    const [diagnostic] = await refusal({ "index.js": answering('import { b } from "a"\nimport "many"', "b") })
    assert.include(diagnostic?.text, "more than 250 packages")
  })
})

describe("the warning about code that is made from text", () => {
  const warningsFor = async (source: string, names: string) => {
    const json = { type: "module", exports: "./index.js" }
    const { options } = smallRegistry({ "a@1.0.0": { json, files: { "index.js": source } } })
    const index = answering(`import { ${names} } from "a"`, names)
    return (await makeBundler(options).bundle({ "index.js": index })).warnings.map(({ text }) => text)
  }

  it("is for code alone, and not for comments and texts", async () => {
    assert.deepStrictEqual(await warningsFor('/* eval(1) */ export const a = "new Function(1)" // eval(2)', "a"), [])
    const [warning] = await warningsFor('export const a = typeof new Function("")', "a")
    assert.include(warning, "a@1.0.0 may throw where it makes code from text")
  })

  it("is not for modules of which nothing is in the output", async () => {
    const files = { "index.js": 'export * from "./a.js"\nexport * from "./b.js"\nexport const c = 1' }
    const sources = { "a.js": "export const a = 1", "b.js": "export const b = () => new Function()" }
    const json = { type: "module", exports: "./index.js" }
    const { options } = smallRegistry({ "a@1.0.0": { json, files: { ...files, ...sources } } })
    const { warnings } = await makeBundler(options).bundle({ "index.js": answering('import { a } from "a"', "a") })
    assert.deepStrictEqual(warnings, [])
  })
})

describe("an import that may fail", () => {
  const code = 'const a = async () => { try { return await import("no-such") } catch { return 1 } }'

  it("fails at run time where the program catches the error, and is refused otherwise", async () => {
    const bundler = makeBundler(smallRegistry({}).options)
    const caught = `${code}\nlet b; try { b = require("no-such") } catch { b = 2 }`
    assert.deepStrictEqual(await bundler.values({ "index.js": answering(caught, "typeof a", "b") }), ["function", 2])
    const [refused] = await bundler.refusal({ "index.js": answering('const a = import("no-such")', "a") })
    assert.include(refused?.text, "no-such")
    assert.notInclude(refused?.text, "Could not resolve")
  })
})

describe("the size of packages", () => {
  it("counts only the modules that the compiler takes", async () => {
    const files = {
      "index.js": 'module.exports = process.env.NODE_ENV === "production" ? require("./a.js") : require("./b.js")',
      "a.js": "module.exports = 1",
      "b.js": `module.exports = "${randomBytes(3 * 1024 * 1024).toString("hex")}"`
    }
    const { options } = smallRegistry({ "a@1.0.0": { files } })
    const bundler = makeBundler(options)
    assert.deepStrictEqual(await bundler.values({ "index.js": answering('import a from "a"', "a") }), [1])
    const [refused] = await bundler.refusal({ "index.js": answering('import b from "a/b.js"', "b") })
    assert.deepInclude(refused, {
      file: "index.js",
      line: 1,
      text: "The modules that are imported have more than 4.0 MiB"
    })
    assert.include(refused?.hint, "a@1.0.0 (6.0 MiB)")
  })
})
