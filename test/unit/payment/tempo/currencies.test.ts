import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import { makeCheckDecimals, payIn } from "../../../../src/payment/tempo/currencies.ts"
import { type Answers, call, chainOf, other, payment, reverted, token } from "./rpc-answers.ts"

const tokens = () => ({ currencies: [{ name: "pathUSD", address: token }], untaken: new Set<string>() })

describe("a token", () => {
  const number = (value: number): Hex => `0x${value.toString(16).padStart(64, "0")}`

  it.effect("with six decimals is asked once", () =>
    Effect.gen(function* () {
      const { asked, network } = chainOf({ decimals: number(6) })
      const check = makeCheckDecimals(tokens())
      yield* check(network, { currency: token })
      yield* check(network, { currency: token })
      assert.deepStrictEqual(asked, ["decimals"])
      yield* check(network, { currency: other })
      assert.deepStrictEqual(asked, ["decimals", "decimals"])
    })
  )

  for (const [what, answers, tag] of [
    ["has 18 decimals", { decimals: number(18) }, "PaymentRejected"],
    ["is no token", { decimals: "0x" }, "PaymentRejected"],
    ["has no decimals", { decimals: reverted("0x") }, "PaymentRejected"],
    ["is not known, because the chain is silent", {}, "PaymentServiceUnavailable"]
  ] as ReadonlyArray<readonly [string, Answers, string]>) {
    it.effect(`is not taken if it ${what}`, () =>
      Effect.map(Effect.flip(makeCheckDecimals(tokens())(chainOf(answers).network, { currency: token })), (error) =>
        assert.strictEqual(error._tag, tag)
      )
    )
  }
})

describe("the same payment in another token", () => {
  const feeTokenOf = (feeToken?: Hex) =>
    payIn(other, payment(feeToken === undefined ? {} : { feeToken })).transaction.feeToken

  it("is the transfer alone, of that token", () => {
    const swap = { to: `0x${"de".repeat(20)}`, data: "0xf0122b75" } as const
    const { currency, price, transaction } = payIn(other, payment({ calls: [swap, call] }))
    assert.deepStrictEqual([currency, price], [other, 100_000n])
    assert.deepStrictEqual(transaction.calls, [{ ...call, to: other }])
  })

  it("pays its fee in that token, unless it names a third one", () => {
    const third = "0x20c0000000000000000000000000000000000002"
    assert.isUndefined(feeTokenOf())
    assert.isUndefined(feeTokenOf(token))
    assert.strictEqual(feeTokenOf(third), third)
  })
})
