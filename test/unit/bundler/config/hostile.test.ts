import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { BundleError } from "../../../../src/bundler/index.ts"
import { inEachFormat, readFiles } from "../../../support/config.ts"

/** A configuration or diagnostics that name a place in the file; anything else is a defect. */
const check = (files: Readonly<Record<string, string>>): void => {
  try {
    const { warnings } = readFiles(files)
    assert.isAtMost(warnings.length, 60)
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    assert.isAtLeast(error.diagnostics.length, 1)
    assert.isAtMost(error.diagnostics.length, 50)
    for (const { file, line, column, text, source = "" } of error.diagnostics) {
      const written = files[file]?.split("\n")[line - 1]
      assert.isDefined(written)
      assert.isTrue(column >= 1 && column <= (written?.length ?? 0) + 1)
      assert.isAtMost(text.length, 1000)
      assert.isAtMost(source.length, 200)
    }
  }
}

const KEYS = (
  "main compatibility_date compatibility_flags define alias rules vars secrets kv_namespaces d1_databases r2_buckets durable_objects " +
  "migrations assets services queues ai containers unsafe exports name env binding name class_name tag directory bindings producers " +
  "type globs required new_classes renamed_classes from to run_worker_first __proto__ constructor"
).split(" ")

const { value } = fc.letrec<{ readonly value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("", "A", "v1", "Text", "2026-01-01", "./public", "..", "\u0000", "\ud800"),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 3 })), tie("value"), { maxKeys: 5 })
  )
}))
const config = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 })

describe("any text", () => {
  const FILES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"]

  it("gives a configuration or diagnostics", () =>
    fc.assert(
      fc.property(fc.constantFrom(...FILES), fc.string({ unit: "binary", maxLength: 200 }), (file, text) => {
        check({ [file]: text })
      }),
      { numRuns: 300 }
    ))

  it("of its own signs gives a configuration or diagnostics", () => {
    const sign = fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      '"',
      "'",
      "'''",
      '"""',
      "=",
      ":",
      ",",
      "#",
      "//",
      "/*",
      "*/",
      "\n",
      " ",
      ".",
      "\\",
      "a",
      "1",
      "-",
      "main",
      "vars",
      "\uFEFF"
    )
    fc.assert(
      fc.property(fc.constantFrom(...FILES), fc.array(sign, { maxLength: 40 }), (file, signs) => {
        check({ [file]: signs.join("") })
      }),
      { numRuns: 3000 }
    )
  })

  it("that is a configuration of anything gives a configuration or diagnostics", () =>
    fc.assert(
      fc.property(config, (config) => {
        for (const files of inEachFormat(config)) check(files)
      }),
      { numRuns: 1000 }
    ))
})

const SIZE = 500_000

/** Half a megabyte of each. */
const LARGE: Readonly<Record<string, string>> = {
  "open brackets": "[".repeat(SIZE),
  "open braces": "{".repeat(SIZE),
  "nested lists": `{"vars":${"[".repeat(SIZE / 2)}${"]".repeat(SIZE / 2)}}`,
  "nested objects": `{"vars":${'{"a":'.repeat(SIZE / 6)}1${"}".repeat(SIZE / 6)}}`,
  "nested bindings": `{"services":${'[{"binding":'.repeat(SIZE / 14)}1${"}]".repeat(SIZE / 14)}}`,
  "one line": `{"main": "${"x".repeat(SIZE)}"}`,
  "one string": `"${"\\".repeat(SIZE)}`,
  quotes: '"'.repeat(SIZE),
  strings: '"" '.repeat(SIZE / 3),
  comments: "/**/".repeat(SIZE / 4),
  "open comments": "/*".repeat(SIZE / 2),
  commas: `[${",".repeat(SIZE)}]`,
  spaces: `{"a"${" ".repeat(SIZE)}:1}`,
  "many keys": `{${Array.from({ length: SIZE / 10 }, (_, n) => `"k${n}":1`).join()}}`,
  "many bindings": JSON.stringify({ services: Array.from({ length: SIZE / 20 }, (_, n) => ({ binding: `B${n}` })) }),
  "many namespaces": JSON.stringify({ kv_namespaces: Array.from({ length: SIZE / 20 }, (_, n) => ({ id: `B${n}` })) }),
  "many vars": JSON.stringify({ vars: Object.fromEntries(Array.from({ length: SIZE / 12 }, (_, n) => [`V${n}`, 1])) }),
  "many flags": JSON.stringify({ compatibility_flags: Array.from({ length: SIZE / 15 }, () => "experimental") }),
  "a long name": JSON.stringify({ services: [{ binding: "x".repeat(SIZE) }], ["y".repeat(SIZE)]: 1 }),
  "a TOML list": `a = ${"[".repeat(SIZE)}`,
  "TOML tables": "[[a]]\n".repeat(SIZE / 6),
  "TOML bindings": '[[services]]\nbinding = "x"\n'.repeat(SIZE / 28),
  "a dotted key": `${"a.".repeat(SIZE / 2)}a = 1`,
  "a dotted service": `services.${"a.".repeat(SIZE / 2)}a = 1`,
  "a dotted head": `[${"a.".repeat(SIZE / 2)}a]`,
  "dotted keys": Array.from({ length: 700 }, (_, n) => `services.${"a.".repeat(350)}b${n} = 1`).join("\n"),
  "TOML quotes": `a = """${'""x'.repeat(SIZE / 3)}`,
  "TOML comments": `${"# a\n".repeat(SIZE / 4)}ai.binding = 1`,
  "a TOML line": `ai = { binding = "${"x".repeat(SIZE)}" }`,
  lines: "x\n".repeat(SIZE / 2)
}

describe("half a megabyte takes seconds at most, and no minutes:", () => {
  for (const [name, text] of Object.entries(LARGE))
    it(name, () => {
      for (const file of ["wrangler.jsonc", "wrangler.toml"]) {
        const start = performance.now()
        check({ [file]: text })
        // Quadratic work would take minutes.
        assert.isBelow(performance.now() - start, 5000, file)
      }
    })
})
