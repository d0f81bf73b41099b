import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import type { ReadSpendingLimit } from "./access-key.ts"
import { encodeWord, selectorOf } from "./chain/abi.ts"
import { feeOf } from "./chain/fees.ts"
import type { ChainReader } from "./chain/networks.ts"
import { rejected, unavailable } from "./chain/rejections.ts"
import { toSimulationError } from "./chain/rpc-failure.ts"
import type { SignedPayment } from "./read-payment.ts"

/*
 * Checks that an account can pay the price and the fee. A simulation checks only one of them: the chain takes the fee before
 * the transfer, and an access key's limit covers both.
 */

/** The precompile that stores in which token an account pays its fees (Tempo's interface `IFeeManager`). */
const FEE_MANAGER = "0xfeec000000000000000000000000000000000000"

/** An answer of one word that is a number. */
const NUMBER = /^0x[0-9a-f]{64}$/i

/** Asks the chain about fees and balances. */
export const makeFunds = (chain: ChainReader) => {
  const read = (to: Hex, signature: string, account: Hex) =>
    Effect.tryPromise({
      try: () => chain.view(to, `${selectorOf(signature)}${encodeWord(BigInt(account))}` as Hex),
      catch: toSimulationError
    }).pipe(
      Effect.flatMap((answer) => {
        if (NUMBER.test(answer)) return Effect.succeed(BigInt(answer))
        return Effect.fail(
          answer === "0x"
            ? rejected("The feeToken is not a token. Name another token for the chain's fee.")
            : unavailable
        )
      })
    )

  /**
   * Returns the token that pays a transaction's fee: the one that the transaction names, or the one that its account prefers,
   * or the one that it transfers. `undefined` for a swap that names no token, because the chain then chooses by rules that this
   * file does not repeat.
   */
  const feeToken = Effect.fnUntraced(function* ({ account, currency, transaction }: SignedPayment) {
    const { feeToken: named, calls } = transaction
    if (typeof named === "string") return named.toLowerCase() as Hex
    const preferred = yield* read(FEE_MANAGER, "userTokens(address)", account)
    if (preferred !== 0n) return `0x${preferred.toString(16).padStart(40, "0")}` as Hex
    return calls.length === 1 ? currency : undefined
  })

  const baseFee = Effect.tryPromise({ try: () => chain.baseFee(), catch: () => unavailable })

  const balanceOf = (token: Hex, account: Hex) => read(token, "balanceOf(address)", account)

  /**
   * Reads the token of the fee, the price of gas, and the balance of the token that most accounts pay their fee in, which may be
   * another one. It asks at most three questions, at once.
   */
  const readFeeTerms = (payment: SignedPayment) => {
    const { account, currency, transaction } = payment
    const named = transaction.feeToken
    const likely = typeof named === "string" ? (named.toLowerCase() as Hex) : currency
    return Effect.all(
      {
        token: feeToken(payment),
        baseFee,
        // A failure is none of the payment's if another token pays the fee.
        balance: Effect.map(Effect.exit(balanceOf(likely, account)), (exit) => ({ of: likely, exit }))
      },
      { concurrency: 3 }
    )
  }

  /**
   * Checks that the account has the money and that the key may spend it. It asks one question if the fee is paid in a token that the
   * balance is not known of, and two for a key with limits.
   */
  const checkBalance = Effect.fnUntraced(function* (
    { account, currency, price, transaction }: SignedPayment,
    { token, baseFee, balance: known }: Effect.Success<ReturnType<typeof readFeeTerms>>,
    readSpendingLimit: ReadSpendingLimit
  ) {
    const { maxFeePerGas = 0n } = transaction
    if (maxFeePerGas < baseFee) {
      return yield* rejected(`The transaction's maxFeePerGas is below the chain's base fee, ${baseFee}. Sign it again.`)
    }
    const { maximum, expected } = feeOf(transaction, baseFee)
    const swaps = transaction.calls.length > 1
    const inCurrency = token === currency
    const [balance, limit, feeLimit] = yield* Effect.all(
      [
        token === undefined ? Effect.succeed(undefined) : token === known.of ? known.exit : balanceOf(token, account),
        readSpendingLimit(currency),
        token === undefined || inCurrency ? Effect.succeed(undefined) : readSpendingLimit(token)
      ],
      { concurrency: 3 }
    )
    // A swap brings in the currency that the transfer spends.
    const needed = inCurrency && !swaps && expected + price > maximum ? expected + price : maximum
    if (balance !== undefined && balance < needed) {
      return yield* rejected(
        inCurrency && !swaps
          ? `Insufficient balance for the price and the chain's fee. Required: ${needed}, available: ${balance}. Fund the account or choose another, and sign again.`
          : `Insufficient balance of the token that pays the chain's fee. Required: ${needed}, available: ${balance}. Fund the account or choose another token, and sign again.`
      )
    }
    const spent = inCurrency ? price + expected : price
    if ((limit !== undefined && limit < spent) || (feeLimit !== undefined && feeLimit < expected)) {
      return yield* rejected(
        `The access key's spending limit is too low for the price and the chain's fee. Raise it, or sign with another key.`
      )
    }
  })

  return { readFeeTerms, checkBalance }
}
