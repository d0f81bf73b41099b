import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { JsonTooLarge, parseJson } from "../../../src/api/request/json.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const limitOf = (text: string, depth: number, fields: number) => {
  try {
    parseJson(bytes(text), { depth, fields }, 0)
    return undefined
  } catch (error) {
    return error instanceof JsonTooLarge ? error.limit : "syntax"
  }
}

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
const fieldsOf = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? Object.values(value).reduce<number>(
        (sum, inner) => sum + fieldsOf(inner),
        Array.isArray(value) ? 1 : 1 + Object.keys(value).length
      )
    : 0

describe("parseJson", () => {
  it("parses what JSON.parse parses, within exact limits", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: fc.constantFrom('"', "\\", ":", "{", "[", "a", "é") }), (text) => {
        const value: unknown = JSON.parse(text)
        const [depth, fields] = [depthOf(value), fieldsOf(value)]
        assert.deepStrictEqual(parseJson(bytes(text), { depth, fields }, 0), value)
        if (depth > 0) assert.strictEqual(limitOf(text, depth - 1, fields), "depth")
        if (fields > 0) assert.strictEqual(limitOf(text, depth, fields - 1), "fields")
      }),
      { numRuns: 2_000 }
    )
  })

  it("throws for text that is not JSON, however it breaks off", () => {
    for (const text of ['"', '"\\', '{"a":"\\"', "]", "}", "[", '"\\\\\\"']) {
      assert.strictEqual(limitOf(text, 10, 10), "syntax", text)
    }
  })

  const size = 4 * 1024 * 1024
  const hostile: ReadonlyArray<readonly [what: string, text: string]> = [
    ["fields of other names", `{${Array.from({ length: 350_000 }, (_, index) => `"f${index}":1`).join()}}`],
    [
      "objects of other shapes",
      `[${Array.from({ length: 400_000 }, (_, index) => `{"${index.toString(36)}":1}`).join()}]`
    ],
    ["empty lists", `[${Array.from({ length: 1_390_000 }, () => "[]").join()}]`],
    ["nested lists", "[".repeat(size / 2) + "]".repeat(size / 2)],
    ["nested objects", '{"a":'.repeat(size / 6) + "}".repeat(size / 6)],
    ["escaped quotes", `"${'\\"'.repeat(size / 2)}"`],
    ["backslashes", `"${"\\".repeat(size - 2)}"`],
    ["quotes", '"'.repeat(size)]
  ]
  for (const [what, text] of hostile) {
    it(`handles 4 MB of ${what} at once`, () => {
      const body = bytes(text)
      const since = performance.now()
      try {
        parseJson(body, { depth: 500, fields: 200_000 })
      } catch {
        // The text is too large, or is not JSON.
      }
      assert.isBelow(performance.now() - since, 500)
    })
  }
})
