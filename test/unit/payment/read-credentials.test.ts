import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { readCredentials } from "../../../src/payment/read-credentials.ts"

const table: ReadonlyArray<readonly [authorization: string | null | undefined, credentials: ReadonlyArray<string>]> = [
  [undefined, []],
  [null, []],
  ["", []],
  ["Bearer abc", []],
  ["Payments abc", []],
  ["Payment abc", ["Payment abc"]],
  ["payment abc", ["payment abc"]],
  ["  PAYMENT\tabc  ", ["PAYMENT\tabc"]],
  ["Payment", ["Payment"]],
  ["Payment ", ["Payment"]],
  ["Payment abc, Payment abc", ["Payment abc", "Payment abc"]],
  ["Payment abc,Payment def", ["Payment abc", "Payment def"]],
  ["Bearer x, Payment abc", ["Payment abc"]],
  ["Payment abc, Bearer x", ["Payment abc"]],
  ['Digest realm="a, Payment b", Payment abc', ["Payment abc"]],
  ['Digest realm="a\\", Payment b", Payment abc', ["Payment abc"]],
  ['Digest realm="never closed, Payment abc', ["Payment abc"]],
  [",,", []]
]

describe("readCredentials", () => {
  for (const [authorization, credentials] of table) {
    it(`finds ${credentials.length} in ${JSON.stringify(authorization)}`, () => {
      assert.deepStrictEqual(readCredentials(authorization), credentials)
    })
  }

  it("finds both credentials of a header that was sent twice", () => {
    const headers = new Headers([
      ["authorization", "Payment abc"],
      ["authorization", "Payment def"]
    ])
    assert.deepStrictEqual(readCredentials(headers.get("authorization")), ["Payment abc", "Payment def"])
  })

  it("splits like RFC 9110's pattern of list elements", () => {
    // The gateway does not use this pattern, because it is quadratic: commas separate, except inside a quoted string.
    const element = /(?:"(?:[^"\\]|\\.)*"|[^,"])+|"/g
    const expected = (header: string) =>
      (header.match(element) ?? []).map((one) => one.trim()).filter((one) => /^payment(?:\s|$)/i.test(one))
    const part = fc.constantFrom(
      '"',
      "\\",
      ",",
      " ",
      "\t",
      "a",
      "é",
      "Payment",
      "payment x",
      'Payment a="',
      ", Payment b"
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 24 }), (parts) => {
        const header = parts.join("")
        assert.deepStrictEqual(readCredentials(header), expected(header))
      }),
      { numRuns: 20_000 }
    )
  })

  for (const [what, header] of [
    ["quotes and backslashes", `"${"\\".repeat(50_000)}${'"'.repeat(50_000)}${",".repeat(50_000)} Payment abc`],
    ["escaped quotes", `"${'\\"'.repeat(200_000)}, Payment abc`],
    ["blanks", `Payment${" ".repeat(400_000)}, Payment abc`]
  ] as const) {
    it(`handles 200,000 ${what} at once`, () => {
      const since = performance.now()
      assert.isAtLeast(readCredentials(header).length, 1)
      assert.isBelow(performance.now() - since, 200)
    })
  }
})
