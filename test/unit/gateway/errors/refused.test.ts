import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { toRefusal } from "../../../../src/api/answer-problem.ts"
import { type Refused, refuse, refuseBy } from "../../../../src/api/refused.ts"
import { CodeTooLarge, DeployFailed, InvalidRequest, MissingFiles } from "../../../../src/domain/Errors.ts"

const refusedOf = <E extends object>(result: Result.Result<never, Refused<E>>) =>
  Result.isFailure(result) ? result.failure : assert.fail("not refused")

describe("a refusal", () => {
  for (const [name, refused] of [
    ["one field", () => refuse(InvalidRequest, { detail: "first" })],
    ["the same class again", () => refuse(InvalidRequest, { detail: 'second "ü"' })],
    ["another class of the status", () => refuse(MissingFiles, { detail: "third" })],
    ["two fields", () => refuse(CodeTooLarge, { detail: "fourth", limit_bytes: 4 })],
    ["two fields again", () => refuse(CodeTooLarge, { detail: "fifth", limit_bytes: 5 })],
    ["an error that is made", () => refuseBy(new CodeTooLarge({ detail: "sixth", limit_bytes: 6 }))]
  ] as const) {
    it(`is answered as its error is: ${name}`, () => {
      const made = refusedOf<object>(refused())
      const answer = made.toRefusal() ?? assert.fail("no answer")
      assert.strictEqual(JSON.stringify(answer), JSON.stringify(toRefusal(made.toError())))
    })
  }

  it("makes the error that it was given", () => {
    const error = refusedOf(refuse(CodeTooLarge, { detail: "large", limit_bytes: 5 })).toError()
    assert.instanceOf(error, CodeTooLarge)
    assert.deepInclude({ ...error }, { detail: "large", limit_bytes: 5, status: 413, charged: false })
  })

  it("is no plain answer for an error of the service", () => {
    const error = new DeployFailed({
      deployment_id: "dep_1",
      status_url: "https://gateway.test/deployments/dep_1",
      fault: "service",
      retry: { idempotency_key: "key" }
    })
    assert.isUndefined(refusedOf(refuseBy(error)).toRefusal())
  })
})
