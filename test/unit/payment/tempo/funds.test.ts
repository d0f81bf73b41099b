import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import { makeFunds } from "../../../../src/payment/tempo/funds.ts"
import { type Answers, call, chainOf, other, payment, reverted } from "./rpc-answers.ts"

describe("the balance", () => {
  const funds = (answers: Answers) => makeFunds(chainOf(answers).network)
  const amount = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`
  const suffices = (answers: Answers, of = payment({}, { key: undefined })) => {
    const { readFeeTerms, checkBalance } = funds(answers)
    return Effect.flatMap(readFeeTerms(of), (known) => checkBalance(of, known, () => Effect.succeed(undefined)))
  }
  // 500,000 gas at 20 gwei are one cent. The chain takes half of it at the base fee of 10.
  const none = amount(0n)

  it.effect("must cover the price and the fee if one token pays both", () =>
    Effect.gen(function* () {
      yield* suffices({ userTokens: none, balanceOf: amount(105_000n) })
      const error = yield* Effect.flip(suffices({ userTokens: none, balanceOf: amount(104_999n) }))
      assert.match(error.message, /price and the chain's fee. Required: 105000, available: 104999/)
    })
  )

  it.effect("must cover the maximal fee in the account's preferred token", () =>
    Effect.gen(function* () {
      yield* suffices({ userTokens: amount(BigInt(other)), balanceOf: amount(10_000n) })
      const error = yield* Effect.flip(suffices({ userTokens: amount(BigInt(other)), balanceOf: amount(9_999n) }))
      assert.match(error.message, /token that pays the chain's fee. Required: 10000, available: 9999/)
    })
  )

  it.effect("is not checked if the chain chooses the token", () =>
    suffices({ userTokens: none }, payment({ calls: [call, call, call] }, { key: undefined }))
  )

  for (const [what, answers, tag] of [
    ["says nothing of the balance", { userTokens: none }, "PaymentServiceUnavailable"],
    ["says nonsense of the balance", { userTokens: none, balanceOf: "0x01" }, "PaymentServiceUnavailable"],
    ["says nothing of the account's token", {}, "PaymentServiceUnavailable"],
    ["has no such token", { userTokens: none, balanceOf: "0x" }, "PaymentRejected"],
    ["reverts for such a token", { userTokens: none, balanceOf: reverted("0x") }, "PaymentRejected"]
  ] as ReadonlyArray<readonly [string, Answers, string]>) {
    it.effect(`is rejected or unavailable when the chain ${what}`, () =>
      Effect.map(Effect.flip(suffices(answers)), (error) => assert.strictEqual(error._tag, tag))
    )
  }
})
