import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { stringify } from "smol-toml"
import { findJsonError } from "../../../../src/bundler/config/text/json-error.ts"
import { locateJson, type Path } from "../../../../src/bundler/config/text/locate-json.ts"
import { locateToml } from "../../../../src/bundler/config/text/locate-toml.ts"

const name = fc.oneof(
  fc.constantFrom("a", "b", "a.b", '"', "ü", "main", "=", "[", "#", "\\"),
  fc.string({ maxLength: 4 })
)

const { tree } = fc.letrec<{ readonly tree: unknown; readonly table: Readonly<Record<string, unknown>> }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('x = "y"', "'''", '"""', "# no comment", "// none", "a, b", "]", "}", ""),
    fc.integer({ min: -9, max: 9 }),
    fc.boolean(),
    tie("table"),
    fc.array(tie("table"), { minLength: 1, maxLength: 3 }),
    fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 })
  ),
  table: fc.dictionary(name, tie("tree"), { maxKeys: 4 })
}))

/** Every way to a value. */
const waysIn = (value: unknown, way: Path = []): ReadonlyArray<Path> =>
  typeof value !== "object" || value === null
    ? [way]
    : [
        ...(way.length === 0 ? [] : [way]),
        ...Object.entries(value).flatMap(([key, it]) => waysIn(it, [...way, Array.isArray(value) ? Number(key) : key]))
      ]

const table = tree.filter(
  (it): it is Record<string, unknown> => typeof it === "object" && it !== null && !Array.isArray(it)
)

describe("the place of a value", () => {
  it("is its key in JSON, or its beginning in a list", () =>
    fc.assert(
      fc.property(table, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        for (const way of waysIn(value)) {
          const found = text.slice(locateJson(text, way))
          const last = way.at(-1)
          if (typeof last === "string") assert.isTrue(found.startsWith(`${JSON.stringify(last)}:`), String(way))
          else if (last !== undefined) {
            const item = way.reduce<unknown>((it, key) => (it as Record<string, unknown>)[key], value)
            const written = typeof item === "object" ? "[{[]" : JSON.stringify(item)
            assert.isTrue(typeof item === "object" ? /^[{[]/.test(found) : found.startsWith(written), String(way))
          }
        }
      })
    ))

  it("is its key in TOML, the head of its table, or its beginning in a list", () =>
    fc.assert(
      fc.property(table, (value) => {
        const text = stringify(value)
        for (const way of waysIn(value)) {
          const found = text.slice(locateToml(text, way))
          const last = way.at(-1)
          const bare = typeof last === "string" && /^[\w-]+$/.test(last) ? last : JSON.stringify(last)
          const item = way.reduce<unknown>((it, key) => (it as Record<string, unknown>)[key], value)
          const isLeaf = typeof item !== "object" || (Array.isArray(item) && item.every((it) => typeof it !== "object"))
          if (typeof last === "string" && isLeaf) assert.isTrue(found.startsWith(bare), `${String(way)} in ${text}`)
          // The head of its table, or, where a table has no head of its own, that of one around or within it.
          else if (typeof last === "string")
            assert.isTrue(found === text || found.startsWith(bare) || found.startsWith("["))
        }
      })
    ))

  it("is found in every form of TOML", () => {
    const text = [
      'title = """',
      "[no.table]",
      'x = 1 """ # comment',
      "'quoted key'.inner = [ # comment",
      "  'a', { deep = '''",
      "b = 1''', found = 1 },",
      "]",
      "[ spaced . table ]",
      "x = 1979-05-27T07:32:00Z",
      "[[list]]",
      "[[list.inner]]",
      "n = 1",
      "[[list]]",
      "[[list.inner]]",
      "n = 2",
      "[[list.inner]]",
      "n = 3",
      "[list.more]",
      "n = 4"
    ].join("\n")
    const lineOf = (...way: Path) => text.slice(0, locateToml(text, way)).split("\n").length
    assert.strictEqual(lineOf("title"), 1)
    assert.strictEqual(lineOf("quoted key", "inner", 0), 5)
    assert.strictEqual(lineOf("quoted key", "inner", 1, "found"), 6)
    assert.strictEqual(lineOf("spaced", "table", "x"), 9)
    assert.strictEqual(lineOf("list", 0, "inner", 0, "n"), 12)
    assert.strictEqual(lineOf("list", 1, "inner", 0, "n"), 15)
    assert.strictEqual(lineOf("list", 1, "inner", 1, "n"), 17)
    assert.strictEqual(lineOf("list", 1, "more", "n"), 19)
    assert.strictEqual(lineOf("list", 1), 13)
    assert.strictEqual(lineOf("list", 7), 1)
  })
})

describe("the place of an error in JSON", () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }

  it("is behind the longest beginning that could become JSON", () => {
    const sign = fc.constantFrom(..."[]{}\":, \n1'", "true", "null", "a")
    // Endings that complete whatever a short text could have begun.
    const VALUES = ["", '"', "1", "0", ".1", ":1", '":1', '"a":1']
    const CLOSINGS = ["", "]", "}", "]]", "]}", "}]", "}}", "]]]", "}}}", "]}]", "}]}"]
    const ENDINGS = VALUES.flatMap((value) => CLOSINGS.map((closing) => value + closing))
    const couldBecome = (text: string) => ENDINGS.some((end) => isJson(text + end))
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 6 }), (signs) => {
        const text = signs.join("")
        fc.pre(!isJson(text) && signs.filter((it) => it === "[" || it === "{").length <= 2)
        const at = findJsonError(text)
        // A word that has begun needs an ending of its own.
        if (!/[a-z]$/.test(text.slice(0, at))) assert.isTrue(couldBecome(text.slice(0, at)), JSON.stringify([text, at]))
        if (at < text.length) assert.isFalse(couldBecome(text.slice(0, at + 1)), JSON.stringify([text, at]))
      }),
      { numRuns: 2000 }
    )
  })

  it("is where editors mark it", () => {
    for (const [before, after] of [
      ['{\n  "main": ', "a }"],
      ['{ "a": 1 ', '"b": 2 }'],
      ["[1 ", "}"],
      ['{ "a" ', "1 }"],
      ["{ ", "a: 1 }"],
      ["{} ", "x"],
      ['"a', "\nb"],
      ['"\\u00e9', '\\x"'],
      ['{ "a": [1, 2', ""],
      ["{ ", ", }"],
      ["", ""]
    ] as const)
      assert.strictEqual(findJsonError(before + after), before.length, before + after)
  })
})
