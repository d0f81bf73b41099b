import { decodeArguments, selectorOf } from "./abi.ts"

/** Explains to the client why its payment reverts. */
type Explanation = (values: ReadonlyArray<bigint>) => string

const text =
  (sentence: string): Explanation =>
  () =>
    sentence

/**
 * The errors of payments, by signature: of a transfer of a TIP-20 token, of a swap on the exchange before it, of the account's
 * access key and its nonce (Tempo's interfaces `ITIP20`, `IStablecoinDEX`, `IAccountKeychain` and `INonce`). Other errors reach
 * the client in the node's words.
 */
const explanations: Readonly<Record<string, Explanation>> = {
  "InsufficientBalance(uint256,uint256,address)": ([available, required]) =>
    required === undefined
      ? "Insufficient balance."
      : `Insufficient balance. Required: ${required}, available: ${available}.`,
  "InsufficientBalance()": text("Insufficient balance."),
  "InsufficientFeeTokenBalance()": text("Insufficient balance of the token that pays the fee."),
  "InsufficientAllowance()": text(
    "The exchange may not spend that much of the token: approve it in the same transaction."
  ),
  "InsufficientLiquidity()": text("The exchange has too little of the currency for this swap."),
  "PairDoesNotExist()": text("The exchange does not trade the token for the currency."),
  "InvalidToken()": text("The exchange does not know the token."),
  "IdenticalTokens()": text("The token is the currency: pay without a swap."),
  "MaxInputExceeded()": text("The swap costs more than the transaction allows."),
  "PolicyForbids()": text("The token's policy forbids this transfer."),
  "ContractPaused()": text("The token is paused."),
  "InvalidRecipient()": text("The token does not accept this recipient."),
  "SpendingLimitExceeded()": text("The access key's spending limit is exceeded."),
  "CallNotAllowed()": text("The access key may not make this call."),
  "KeyExpired()": text("The access key has expired."),
  "KeyNotFound()": text("The account does not know this access key."),
  "KeyAlreadyRevoked()": text("The access key was revoked."),
  "KeyAlreadyExists()": text("The account knows the access key already: leave out its authorization."),
  "ExpiryInPast()": text("The access key's authorization has expired."),
  "InvalidSpendingLimit()": text("The access key's authorization states an invalid spending limit."),
  "InvalidCallScope()": text("The access key's authorization states an invalid scope."),
  "InvalidSignatureType()": text("The access key is of a type that the account does not accept."),
  "ExpiringNonceReplay()": text("The transaction was sent before."),
  "InvalidExpiringNonceExpiry()": text("The transaction's validBefore is too far off for an expiring nonce.")
}

let bySelector: ReadonlyMap<string, Explanation> | undefined

/**
 * Explains a revert.
 *
 * @param data the error as the node returns it: a selector, and the error's values.
 * @returns `undefined` for an error that is not listed here.
 */
export const explainRevert = (data: unknown): string | undefined => {
  if (typeof data !== "string") return undefined
  // The first revert hashes the signatures, because most isolates never see one.
  bySelector ??= new Map(Object.entries(explanations).map(([signature, meaning]) => [selectorOf(signature), meaning]))
  return bySelector.get(data.slice(0, 10).toLowerCase())?.(decodeArguments(data, 2))
}
