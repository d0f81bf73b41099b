import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { type Capture, layerPaymentTest, PaymentScript, testCredential } from "../../../src/payment/testing.ts"
import { PaymentRejected, PaymentService } from "../../../src/payment/PaymentService.ts"
import { terms } from "./tempo/setup.ts"

const pay = Effect.gen(function* () {
  const payments = yield* PaymentService
  const challenge = yield* payments.challenge(terms, "key_1")
  return yield* payments.verify(testCredential(challenge, "0xPAYER"), terms)
})
const authorize = Effect.gen(function* () {
  const payments = yield* PaymentService
  return yield* payments.authorize(yield* pay, terms)
})
const on = <A, E>(script: PaymentScript, self: Effect.Effect<A, E, PaymentService>) =>
  Effect.provide(self, layerPaymentTest(script), { local: true })

describe("the scripted payment service", () => {
  it.effect("makes a payment once", () => {
    const script = new PaymentScript()
    return Effect.gen(function* () {
      const payments = yield* PaymentService
      const verified = yield* pay
      assert.strictEqual(verified.payer, "0xpayer")
      const authorization = yield* payments.authorize(verified, terms)
      assert.strictEqual(script.captured.size, 0)
      const receipt = yield* payments.capture(authorization)
      assert.deepStrictEqual(receipt, payments.receipt(authorization))
      yield* payments.capture(authorization)
      assert.deepStrictEqual([...script.captured], [[authorization.reference, { payer: "0xpayer", price: "0.10" }]])
      assert.strictEqual(yield* payments.find(authorization), "landed")
      assert.deepStrictEqual(script.calls, { challenge: 1, verify: 1, authorize: 1, capture: 2, find: 1 })
    }).pipe((self) => on(script, self))
  })

  const outcomes: ReadonlyArray<readonly [Capture, tag: string, before: string, after: string, moved: number]> = [
    ["landed", "Success", "landed", "landed", 1],
    ["lost", "CaptureUncertain", "landed", "landed", 1],
    ["stuck", "CaptureUncertain", "unknown", "absent", 0],
    ["reverted", "CaptureFailed", "reverted", "reverted", 0]
  ]
  for (const [capture, tag, before, after, moved] of outcomes) {
    it.effect(`scripts a capture that is ${capture}`, () => {
      const script = new PaymentScript()
      script.captures.push(capture)
      return Effect.gen(function* () {
        const payments = yield* PaymentService
        const authorization = yield* authorize
        const outcome = yield* Effect.result(payments.capture(authorization))
        assert.strictEqual(outcome._tag === "Success" ? "Success" : outcome.failure._tag, tag)
        assert.strictEqual(yield* payments.find(authorization), before)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* payments.find(authorization), after)
        assert.strictEqual(script.captured.size, moved)
      }).pipe((self) => on(script, self))
    })
  }

  it.effect("answers unknown while the chain is down", () => {
    const script = new PaymentScript()
    return Effect.gen(function* () {
      const payments = yield* PaymentService
      const authorization = yield* authorize
      script.down = true
      assert.strictEqual((yield* Effect.flip(authorize))._tag, "PaymentServiceUnavailable")
      assert.strictEqual((yield* Effect.flip(payments.capture(authorization)))._tag, "CaptureUncertain")
      assert.strictEqual(yield* payments.find(authorization), "unknown")
      assert.strictEqual(script.captured.size, 0)
    }).pipe((self) => on(script, self))
  })

  it.effect("authorizes only what the script allows", () => {
    const script = new PaymentScript()
    script.authorizations.push(new PaymentRejected({ problem: "verification-failed", detail: "as scripted" }))
    return Effect.gen(function* () {
      const payments = yield* PaymentService
      assert.include((yield* Effect.flip(authorize)).message, "as scripted")
      script.broke.add("0xpayer")
      assert.include((yield* Effect.flip(authorize)).message, "Insufficient balance")
      script.broke.clear()
      const verified = yield* pay
      yield* TestClock.adjust("6 minutes")
      assert.include((yield* Effect.flip(payments.authorize(verified, terms))).message, "payment-expired")
    }).pipe((self) => on(script, self))
  })

  it.effect("verifies the same as the real service", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const challenge = yield* payments.challenge(terms, "key_1")
      const credential = testCredential(challenge, "0xpayer")
      const problem = (it: string, of = terms) =>
        Effect.map(Effect.flip(payments.verify(it, of)), (error) => [error.problem, error.key])
      assert.deepStrictEqual(yield* problem("Payment !"), ["malformed-credential", undefined])
      assert.deepStrictEqual(yield* problem(testCredential(challenge, "0xpayer", { method: "stripe" })), [
        "method-unsupported",
        undefined
      ])
      assert.deepStrictEqual(yield* problem(testCredential(challenge, "0xpayer", { id: "forged" })), [
        "invalid-challenge",
        undefined
      ])
      for (const other of [{ operation: "execute" }, { bodyDigest: "other" }, { price: "0.20" }]) {
        const rejection = yield* problem(credential, { ...terms, ...other })
        assert.deepStrictEqual(rejection, ["invalid-challenge", "key_1"])
      }
    }).pipe((self) => on(new PaymentScript(), self))
  )
})
