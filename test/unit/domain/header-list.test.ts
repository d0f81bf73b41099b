import { assert, describe, it } from "vitest"
import { parseHeaderList } from "../../../src/domain/header-list.ts"

describe("a list of headers", () => {
  it("has names, and values that may be percent-encoded", () => {
    assert.deepStrictEqual(parseHeaderList("Authorization=Bearer%20a=b, x-team = one"), {
      authorization: "Bearer a=b",
      "x-team": "one"
    })
  })

  for (const list of ["", "x", "=x", "x=", "x=1,", "x=%", "x=%0d%0ay", "x y=1", "x=ü"]) {
    it(`is not ${JSON.stringify(list)}`, () => assert.isUndefined(parseHeaderList(list)))
  }
})
