import { type Hex, isHex } from "viem"
import { selectorOf, wordsOf } from "./words.ts"

/** Why a payment reverts, in words for whoever signed it. */
type Meaning = (values: ReadonlyArray<bigint>) => string

const says =
  (words: string): Meaning =>
  () =>
    words

/**
 * The errors that a payment can meet, by signature: a transfer of a TIP-20 token, a swap on the exchange before it, and the
 * account's access key (Tempo's interfaces `ITIP20`, `IStablecoinDEX`, `IAccountKeychain`).
 */
const meanings: Readonly<Record<string, Meaning>> = {
  "InsufficientBalance(uint256,uint256,address)": ([available, required]) =>
    required === undefined
      ? "Insufficient balance."
      : `Insufficient balance. Required: ${required}, available: ${available}.`,
  "InsufficientBalance()": says("Insufficient balance."),
  "InsufficientFeeTokenBalance()": says("Insufficient balance of the token that pays the fee."),
  "InsufficientAllowance()": says(
    "The exchange may not spend that much of the token: approve it in the same transaction."
  ),
  "InsufficientLiquidity()": says("The exchange has too little of the currency for this swap."),
  "MaxInputExceeded()": says("The swap costs more than the transaction allows."),
  "PolicyForbids()": says("The token's policy forbids this transfer."),
  "ContractPaused()": says("The token is paused."),
  "InvalidRecipient()": says("The token does not accept this recipient."),
  "SpendingLimitExceeded()": says("The access key's spending limit is exceeded."),
  "CallNotAllowed()": says("The access key may not make this call."),
  "KeyExpired()": says("The access key has expired."),
  "KeyNotFound()": says("The account does not know this access key."),
  "KeyAlreadyRevoked()": says("The access key was revoked.")
}

let bySelector: ReadonlyMap<string, Meaning> | undefined

/**
 * What a revert says.
 *
 * @param data the error as the node passes it on: a selector, and the error's values.
 * @returns nothing, when it is none that is known here.
 */
export const meaningOf = (data: unknown): string | undefined => {
  if (!isHex(data)) return undefined
  // Hashed when the first payment reverts: few isolates ever see one.
  bySelector ??= new Map(Object.entries(meanings).map(([signature, meaning]) => [selectorOf(signature), meaning]))
  return bySelector.get((data satisfies Hex).slice(0, 10).toLowerCase())?.(wordsOf(data))
}
