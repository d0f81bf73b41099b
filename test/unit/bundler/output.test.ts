import { SourceMap } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { checkDefaultExport } from "../../../src/bundler/project/default-export.ts"
import { guessImports } from "../../../src/bundler/remote/guess-imports.ts"
import { boundWarnings } from "../../../src/bundler/compiler/warnings.ts"
import { makeBundler } from "../../support/bundler.ts"

const { bundle } = makeBundler()

/** Finds the source of a text in the bundle: `src/a.ts:4`. */
const originOf = (code: string, map: string, text: string): string => {
  const before = code.slice(0, code.indexOf(text)).split("\n")
  const entry = new SourceMap(JSON.parse(map)).findEntry(before.length - 1, before.at(-1)?.length ?? 0)
  return "originalSource" in entry ? `${entry.originalSource}:${entry.originalLine + 1}` : "nowhere"
}

describe("the source map", () => {
  const files = {
    "src/index.ts": 'import { cfg } from "./lib/config"\n\nexport default { fetch: () => new Response(cfg) }',
    "src/lib/config.ts": "interface Cfg { a: string }\n\n\nexport const cfg: string = String(globalThis.nothing)"
  }

  it("leads to the author's files and lines, and holds no source", async () => {
    const { code, map = "" } = await bundle(files, { sourceMap: true })
    assert.strictEqual(originOf(code, map, "globalThis.nothing"), "src/lib/config.ts:4")
    assert.strictEqual(originOf(code, map, "new Response"), "src/index.ts:3")
    const { sources, sourcesContent } = JSON.parse(map) as { sources: []; sourcesContent?: unknown }
    assert.deepStrictEqual(sources, ["src/lib/config.ts", "src/index.ts"])
    assert.isUndefined(sourcesContent)
  })

  it("is made for run by default and for serve on request, and leaves the code the same", async () => {
    const { map, code } = await bundle(files)
    assert.isUndefined(map)
    assert.strictEqual((await bundle(files, { sourceMap: true })).code, code)
    assert.isString((await bundle({ "index.ts": "export const run = () => 1" }, { purpose: "run" })).map)
  })

  it("distinguishes provided modules from files", async () => {
    const { map = "" } = await bundle(
      { "index.ts": 'import { Hono } from "hono"\nexport default new Hono()' },
      { sourceMap: true }
    )
    const { sources } = JSON.parse(map) as { sources: ReadonlyArray<string> }
    assert.include(sources, "index.ts")
    for (const source of sources) if (source !== "index.ts") assert.match(source, /^npm:/)
  })
})

describe("warnings", () => {
  it("come from the compiler, with their place and a hint", async () => {
    const { warnings } = await bundle({
      "index.js": 'import * as make from "./make.js"\nexport default { fetch: () => new Response(make()) }',
      "make.js": 'export default () => "made"'
    })
    assert.lengthOf(warnings, 1)
    assert.deepInclude(warnings[0], { file: "index.js", line: 2, column: 44 })
    assert.match(warnings[0]?.text ?? "", /Calling "make" will crash/)
    assert.match(warnings[0]?.hint ?? "", /make/)
  })

  it("are limited in number and size, and concern only the author's files", async () => {
    const many = Array.from({ length: 60 }, () => `if (typeof x === "${"n".repeat(6000)}") fetch()`).join("\n")
    const { warnings } = await bundle({ "index.ts": `const x: unknown = 1\n${many}\nexport default { fetch() {} }` })
    assert.lengthOf(warnings, 20)
    for (const { text } of warnings) assert.isAtMost(text.length, 500)
    const text = "é".repeat(10_000)
    const made = Array.from({ length: 50 }, (_, line) => ({
      file: "a.ts",
      line,
      column: 1,
      text,
      hint: text,
      source: text
    }))
    const shown = boundWarnings([{ ...made[0]!, file: "npm:hono" }, ...made], (file) => file === "a.ts")
    assert.lengthOf(shown, 20)
    assert.isBelow(JSON.stringify(shown).length, 25_000)
    assert.isTrue(shown.every(({ file }) => file === "a.ts"))
  })
})

describe("patterns that meet source", () => {
  /** Returns the shortest of three times, in milliseconds, because a busy machine does not make a pattern slow. */
  const least = (work: () => unknown): number =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const start = performance.now()
        work()
        return performance.now() - start
      })
    )
  const blanks = " ".repeat(400_000)
  const texts = {
    blanks,
    "from and blanks": `from${blanks}`,
    "imports and blanks": `import (${blanks}`,
    "many froms": "from ".repeat(80_000),
    "many quotes": `from"${"a".repeat(499)}`.repeat(800),
    "lines of declarations": "\nvar a = 1;".repeat(40_000),
    "a long last line": `\nvar a = ${"[".repeat(400_000)};\nexport {\n  a as default\n};\n`,
    "export and blanks": `export${blanks}default`
  }

  for (const [name, text] of Object.entries(texts))
    it(`take linear time: ${name}`, () => {
      assert.isBelow(
        least(() => guessImports(text)),
        100
      )
      assert.isBelow(
        least(() => checkDefaultExport("a.ts", ["default"], text, text)),
        100
      )
    })
})
