import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import type { Currency } from "../../domain/currencies.ts"
import { encodeWord, selectorOf } from "./chain/abi.ts"
import { PaymentRejected } from "../errors.ts"
import type { ChainReader } from "./chain/networks.ts"
import { rejected } from "./chain/rejections.ts"
import { toSimulationError } from "./chain/rpc-failure.ts"
import { DECIMALS, type TempoConfig } from "./config.ts"
import type { SignedPayment } from "./read-payment.ts"

type Tokens = Pick<TempoConfig, "currencies" | "untaken">

/** A number as a word. Every other answer may be the node's fault, and is no reason to offer the token no more. */
const NUMBER = /^0x[0-9a-f]{64}$/i

/**
 * Checks that a token has six decimals, because a price is the same number of base units in every token. The first payment in
 * a token asks the chain, and the answer is remembered. Another number is the operator's error, which the log tells.
 */
export const makeCheckDecimals = ({ currencies, untaken }: Tokens) => {
  const fine = new Set<string>()
  const notTaken = (currency: string) => {
    const isThis = ({ address }: Currency) => address.toLowerCase() === currency
    const name = currencies.find(isThis)?.name ?? currency
    const others = currencies.filter((one) => !isThis(one) && !untaken.has(one.address.toLowerCase()))
    const next =
      others.length === 0
        ? "There is no other token: tell the service's operator."
        : `Answer the challenge of ${others.map((one) => one.name).join(" or ")}, and tell the service's operator.`
    return new PaymentRejected({
      problem: "verification-failed",
      detail: `This service cannot take ${name}, because it does not have 6 decimals. Nothing was charged. ${next}`,
      untaken: currency
    })
  }
  return Effect.fnUntraced(function* (chain: ChainReader, { currency }: Pick<SignedPayment, "currency">) {
    if (fine.has(currency)) return
    if (untaken.has(currency)) return yield* notTaken(currency)
    const answer = yield* Effect.tryPromise({
      try: () => chain.view(currency, selectorOf("decimals()") as Hex),
      catch: toSimulationError
    })
    if (answer === `0x${encodeWord(BigInt(DECIMALS))}`) {
      fine.add(currency)
      return
    }
    yield* Effect.logError("TEMPO_CURRENCIES names a token without 6 decimals; no payment in it is taken", currency)
    if (!NUMBER.test(answer)) return yield* rejected(notTaken(currency).detail)
    untaken.add(currency)
    return yield* notTaken(currency)
  })
}

/** The same transfer may need this much more gas in another token: the first balance of an account is dear on Tempo. */
const MORE_GAS = 500_000n

/** Returns the same payment as the payer would make it in another token, without its signature. */
export const payIn = (currency: Hex, payment: SignedPayment): SignedPayment => {
  const { feeToken, calls, gas = 0n, ...transaction } = payment.transaction
  const [transfer] = calls.slice(-1)
  // Clients name the token that they pay in as the token of the fee, or none. Another one stays.
  const fee = typeof feeToken === "string" && feeToken.toLowerCase() !== payment.currency ? { feeToken } : {}
  return {
    ...payment,
    currency,
    transaction: { ...transaction, ...fee, gas: gas + MORE_GAS, calls: [{ ...transfer, to: currency }] }
  }
}
