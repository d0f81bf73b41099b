import { assert, describe, it } from "vitest"
import { credentialsIn } from "../../src/payment/credentials.ts"

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

describe("credentialsIn", () => {
  for (const [authorization, credentials] of table) {
    it(`finds ${credentials.length} in ${JSON.stringify(authorization)}`, () => {
      assert.deepStrictEqual(credentialsIn(authorization), credentials)
    })
  }

  it("finds both of a header that was sent twice", () => {
    const headers = new Headers([
      ["authorization", "Payment abc"],
      ["authorization", "Payment def"]
    ])
    assert.deepStrictEqual(credentialsIn(headers.get("authorization")), ["Payment abc", "Payment def"])
  })

  it("is done with a hostile header at once", () => {
    const header = `"${"\\".repeat(50_000)}${'"'.repeat(50_000)}${",".repeat(50_000)} Payment abc`
    assert.deepStrictEqual(credentialsIn(header).length, 1)
  })
})
