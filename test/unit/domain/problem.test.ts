import { assert, describe, it } from "@effect/vitest"
import { CodeTooLarge, InvalidRequest } from "../../../src/domain/Errors.ts"

describe("an error that is an answer", () => {
  it("records no stack, and lets the errors after it record theirs", () => {
    const error = new InvalidRequest({ detail: "wrong" })
    assert.notMatch(error.stack ?? "", /\n\s+at /)
    assert.strictEqual(error.message, "wrong")
    assert.match(new Error("a defect").stack ?? "", /problem\.test/)
  })

  it("lets them record theirs even if it could not be made", () => {
    assert.throws(() => new CodeTooLarge({ detail: "long", limit_bytes: 0.5 }))
    assert.match(new Error("a defect").stack ?? "", /problem\.test/)
  })
})
