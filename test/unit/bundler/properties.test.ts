import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { BundleError, BundlerBusyError, formatDiagnostic, LIMITS } from "../../../src/bundler/index.ts"
import { LeasedSlots } from "../../../src/bundler/compiler/pool/leased-slots.ts"
import { checkOutput, utf8Length } from "../../../src/bundler/limits.ts"
import { withoutComments } from "../../../src/bundler/project/jsonc.ts"
import { matchPattern } from "../../../src/bundler/resolve/patterns.ts"
import { answering, makeBundler, offline, wasm } from "../../support/bundler.ts"
import { createBundler } from "../../../src/bundler/index.ts"

const { bundle, refusal, values } = makeBundler()
const fine = { "index.ts": answering("", "1") }

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

  it("count bytes of UTF-8", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.strictEqual(utf8Length(text), new TextEncoder().encode(text).length)
      })
    ))

  it("limit the output to 4 MB", async () => {
    checkOutput("x".repeat(LIMITS.outputBytes))
    assert.throws(() => checkOutput("x".repeat(LIMITS.outputBytes + 1)), BundleError)
    assert.throws(() => checkOutput("é".repeat(LIMITS.outputBytes / 2 + 1)), BundleError)
    // The output's indentation grows with the square of the nesting.
    const deep = { "index.ts": `${"if(x){".repeat(3000)}y()${"}".repeat(3000)};export default {fetch(){}}` }
    assert.match((await refusal(deep))[0]?.text ?? "", /bundle is \d+ bytes|gave up/)
    assert.deepStrictEqual(await values(fine), [1])
  })

  it("limit the compiler's time", async () => {
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
    const patient = new LeasedSlots(1, 60_000)
    patient.run(50, () => new Promise(() => {})).catch(() => {})
    assert.strictEqual(await patient.run(1, async () => 1), 1)
  })

  it("leave the thread to others for a moment after each build", async () => {
    const slots = new LeasedSlots(1, 60_000, 60)
    const first = slots.run(60_000, async () => performance.now())
    const second = slots.run(60_000, async () => performance.now())
    assert.isAtLeast((await second) - (await first), 55)
  })

  it("let builds that begin at once wait for each other, also the first ones", async () => {
    const { bundle } = createBundler({ ...offline, wasm })
    const count = 2 * LIMITS.builds + 1
    const many = await Promise.allSettled(Array.from({ length: count }, () => bundle(fine)))
    assert.deepStrictEqual(
      many.map(({ status }) => status),
      many.map(() => "fulfilled")
    )
  })
})

describe("diagnostics", () => {
  it("show all errors up to the limit, with place and source line", async () => {
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
  it("turn comments into spaces and move nothing", () => {
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

  it("match patterns exactly, or by their longest beginning", () => {
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
  /** Returns a bundle or a `BundleError`; every other result fails the test. */
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

  it("gives the same with an entrypoint and arbitrary settings", async () => {
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
