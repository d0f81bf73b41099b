import { selectorOf, wordsOf } from "./abi.ts"

/** Why a payment reverts, in words for whoever signed it. */
type Meaning = (values: ReadonlyArray<bigint>) => string

const says =
  (words: string): Meaning =>
  () =>
    words

/**
 * The errors that payments meet, by signature: of a transfer of a TIP-20 token, of a swap on the exchange before it, of the
 * account's access key and its nonce (Tempo's interfaces `ITIP20`, `IStablecoinDEX`, `IAccountKeychain` and `INonce`). What
 * is not among them is told in the node's words.
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
  "PairDoesNotExist()": says("The exchange does not trade the token for the currency."),
  "InvalidToken()": says("The exchange does not know the token."),
  "IdenticalTokens()": says("The token is the currency: pay without a swap."),
  "MaxInputExceeded()": says("The swap costs more than the transaction allows."),
  "PolicyForbids()": says("The token's policy forbids this transfer."),
  "ContractPaused()": says("The token is paused."),
  "InvalidRecipient()": says("The token does not accept this recipient."),
  "SpendingLimitExceeded()": says("The access key's spending limit is exceeded."),
  "CallNotAllowed()": says("The access key may not make this call."),
  "KeyExpired()": says("The access key has expired."),
  "KeyNotFound()": says("The account does not know this access key."),
  "KeyAlreadyRevoked()": says("The access key was revoked."),
  "KeyAlreadyExists()": says("The account knows the access key already: leave out its authorization."),
  "ExpiryInPast()": says("The access key's authorization has expired."),
  "InvalidSpendingLimit()": says("The access key's authorization states a spending limit that is none."),
  "InvalidCallScope()": says("The access key's authorization states a scope that is none."),
  "InvalidSignatureType()": says("The access key is of a type that the account does not take."),
  "ExpiringNonceReplay()": says("The transaction was sent before."),
  "InvalidExpiringNonceExpiry()": says("The transaction's validBefore is too far off for an expiring nonce.")
}

let bySelector: ReadonlyMap<string, Meaning> | undefined

/**
 * Explains a revert.
 *
 * @param data the error as the node passes it on: a selector, and the error's values.
 * @returns nothing, when it is none that is known here.
 */
export const meaningOf = (data: unknown): string | undefined => {
  if (typeof data !== "string") return undefined
  // Hashed when the first payment reverts: few isolates ever see one.
  bySelector ??= new Map(Object.entries(meanings).map(([signature, meaning]) => [selectorOf(signature), meaning]))
  return bySelector.get(data.slice(0, 10).toLowerCase())?.(wordsOf(data, 2))
}
