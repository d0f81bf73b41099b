import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import type { LimitOf } from "./access-key.ts"
import { feeOf } from "./chain/fees.ts"
import type { Network } from "./chain/networks.ts"
import type { Merchant } from "./charge.ts"
import type { Payment } from "./read-payment.ts"
import { rejected, unavailable } from "./chain/rejections.ts"
import { simulationFailure } from "./chain/rpc-failure.ts"
import { selectorOf, word } from "./chain/abi.ts"

/*
 * Whether an account can pay the price and the fee. A simulation looks at the one or the other: the fee is taken before the
 * transfer, and an access key's limit is for both.
 */

/** The precompile that knows in which token an account wants to pay its fees (Tempo's interface `IFeeManager`). */
const feeManager = "0xfeec000000000000000000000000000000000000"

/** One word, which is a number. */
const number = /^0x[0-9a-f]{64}$/i

/** The questions about money. */
export const makeFunds = (network: Network, merchant: Merchant) => {
  const currency = merchant.currency.toLowerCase() as Hex

  const ask = (to: Hex, signature: string, account: Hex) =>
    Effect.tryPromise({
      try: () => network.view(to, `${selectorOf(signature)}${word(BigInt(account))}` as Hex),
      catch: simulationFailure
    }).pipe(
      Effect.flatMap((answer) => {
        if (number.test(answer)) return Effect.succeed(BigInt(answer))
        return Effect.fail(
          answer === "0x" ? rejected("The token that pays the chain's fee is none. Name another.") : unavailable
        )
      })
    )

  /**
   * The token that pays a transaction's fee: the one it names; else the one its account prefers; else the one that it
   * transfers. Nothing, where the chain chooses by rules that are not repeated here: a swap that names none.
   */
  const feeToken = Effect.fnUntraced(function* ({ account, transaction }: Payment) {
    const { feeToken: named, calls } = transaction
    if (typeof named === "string") return named.toLowerCase() as Hex
    const preferred = yield* ask(feeManager, "userTokens(address)", account)
    if (preferred !== 0n) return `0x${preferred.toString(16).padStart(40, "0")}` as Hex
    return calls.length === 1 ? currency : undefined
  })

  const baseFee = Effect.tryPromise({ try: () => network.baseFee(), catch: () => unavailable })

  /** Asks what must be known before anything can be said of money: two questions at most, at once. */
  const prices = (payment: Payment) => Effect.all([feeToken(payment), baseFee], { concurrency: 2 })

  /** Whether the money is there, and the key may spend it: one question, and two more for a key that has limits. */
  const suffice = Effect.fnUntraced(function* (
    { account, price, transaction }: Payment,
    [token, baseFee]: readonly [token: Hex | undefined, baseFee: bigint],
    limitOf: LimitOf
  ) {
    const { maxFeePerGas = 0n } = transaction
    if (maxFeePerGas < baseFee) {
      return yield* rejected(`The transaction's maxFeePerGas is below the chain's base fee, ${baseFee}. Sign it again.`)
    }
    const { most, taken } = feeOf(transaction, baseFee)
    const swaps = transaction.calls.length > 1
    const inCurrency = token === currency
    const [balance, limit, feeLimit] = yield* Effect.all(
      [
        token === undefined ? Effect.succeed(undefined) : ask(token, "balanceOf(address)", account),
        limitOf(currency),
        token === undefined || inCurrency ? Effect.succeed(undefined) : limitOf(token)
      ],
      { concurrency: 3 }
    )
    // A swap brings the currency in that the transfer takes out.
    const needed = inCurrency && !swaps && taken + price > most ? taken + price : most
    if (balance !== undefined && balance < needed) {
      return yield* rejected(
        inCurrency && !swaps
          ? `Insufficient balance for the price and the chain's fee. Required: ${needed}, available: ${balance}. Fund the account or choose another, and sign again.`
          : `Insufficient balance of the token that pays the chain's fee. Required: ${needed}, available: ${balance}. Fund the account or choose another token, and sign again.`
      )
    }
    const spent = inCurrency ? price + taken : price
    if ((limit !== undefined && limit < spent) || (feeLimit !== undefined && feeLimit < taken)) {
      return yield* rejected(
        `The access key's spending limit does not suffice for the price and the chain's fee. Raise it, or sign with another key.`
      )
    }
  })

  return { prices, suffice }
}
