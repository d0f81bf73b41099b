import { assert, describe, it } from "vitest"
import { footprint } from "../footprint.ts"
import { attack, postJson } from "../support.ts"

/** Texts that are costly to normalize, to match or to compare. */
const texts: ReadonlyArray<readonly [what: string, text: string]> = [
  ["120,000 combining marks", "\u0301".repeat(120_000)],
  ["combining marks of two classes by turns", "\u0316\u0301".repeat(60_000)],
  ["marks in reverse order", `${"\u0301".repeat(60_000)}${"\u0316".repeat(60_000)}`],
  ["a letter and 120,000 marks", `a${"\u0327".repeat(120_000)}`],
  ["Hangul jamo", "\u1100\u1161\u11a8".repeat(40_000)],
  ["ligatures", "\ufdfa".repeat(120_000)],
  ["lone surrogates", "\ud800".repeat(120_000)],
  ["emoji", "🙂".repeat(60_000)],
  ["hyphens", "-".repeat(1_000_000)],
  ["hyphens before a letter", `${"-".repeat(1_000_000)}a`],
  ["blanks", " ".repeat(1_000_000)],
  ["a million letters", "a".repeat(1_000_000)],
  ["capital İ, which grows in lower case", "İ".repeat(200_000)],
  ["line breaks", "\n".repeat(500_000)],
  ["nulls", "\u0000".repeat(300_000)],
  ["101 letters", "a".repeat(101)]
]

const refused = async (path: string, body: unknown, code = "invalid_request") => {
  const before = await footprint()
  const text = JSON.stringify(body)
  const { response } = await attack(() => postJson(path, text))
  const answer = (await response.json()) as {
    readonly code: string
    readonly charged: unknown
    readonly detail: string
  }
  assert.deepStrictEqual([response.status, answer.code, answer.charged], [400, code, false], answer.detail)
  assert.isBelow(answer.detail.length, 1000)
  assert.deepStrictEqual(await footprint(), before)
}

const files = { "index.js": "export default { fetch: () => new Response() }" }

describe("POST /deploy", () => {
  for (const [what, text] of texts) {
    it(`refuses a name of ${what} at once`, () => refused("/deploy", { files, name: text }))
  }
  for (const [what, text] of texts.slice(0, -1)) {
    it(`refuses a path of ${what} at once`, () => refused("/deploy", { files: { ...files, [text]: "" } }))
    it(`refuses a field of ${what} at once`, () => refused("/deploy", { files, [text]: 1 }))
  }
  it("refuses a path of 40,000 folders at once", () =>
    refused("/deploy", { files: { [`${"a/".repeat(40_000)}b`]: "" } }))
  it("refuses a path of 40,000 ./ at once", () => refused("/deploy", { files: { [`${"./".repeat(40_000)}b`]: "" } }))
  it("refuses 5,000 unknown fields at once", () =>
    refused("/deploy", {
      files,
      ...Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1]))
    }))
  it("refuses misspelt files at once", () => refused("/deploy", { flies: files }, "missing_files"))
})

describe("POST /execute", () => {
  const code = "export const run = (input) => input"
  it("refuses a misspelt input at once", () => refused("/execute", { code, inputs: 1 }))
  it("refuses a long field at once", () => refused("/execute", { code, ["inputs".repeat(100_000)]: 1 }))
  it("refuses blank code at once", () => refused("/execute", { code: " ".repeat(500_000) }))
})
