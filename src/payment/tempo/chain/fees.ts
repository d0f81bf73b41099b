import type { TxEnvelopeTempo } from "ox/tempo/TxEnvelopeTempo"

/** Gas is priced in 10^-18 dollars, tokens count in 10^-6 (Tempo, `TEMPO_GAS_PRICE_SCALING_FACTOR`). */
const SCALE = 1_000_000_000_000n

/** No transaction may ask for more (Tempo T1, `TEMPO_T1_TX_GAS_LIMIT_CAP`). A payment takes 0.3 million, 2 with a key's authorization. */
const MAX_GAS = 30_000_000n

/** The nonce key of transactions that expire, and so need no order (TIP-1009). */
export const EXPIRING = 2n ** 256n - 1n

/** The first byte of nonce keys that validators keep for themselves (Tempo, `TEMPO_SUBBLOCK_NONCE_KEY_PREFIX`). */
const RESERVED_KEY = 0x5bn

const inTokens = (gas: bigint, price: bigint): bigint => (gas * price + SCALE - 1n) / SCALE

/** A transaction takes this fee before it runs, in base units of the token that pays it; the chain returns the unused part. */
export interface Fee {
  /** As much must be there. */
  readonly most: bigint
  /** As much is taken, at the price of gas in the latest block. */
  readonly taken: bigint
}

/** The fee of a transaction. */
export const feeOf = (transaction: TxEnvelopeTempo, baseFee: bigint): Fee => {
  const { gas = 0n, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = transaction
  const price = baseFee + maxPriorityFeePerGas
  return { most: inTokens(gas, maxFeePerGas), taken: inTokens(gas, price < maxFeePerGas ? price : maxFeePerGas) }
}

/** Why no block takes this transaction, whatever the chain's state: rules that simulations leave out. */
export const neverTaken = (transaction: TxEnvelopeTempo): string | undefined => {
  const { gas = 0n, nonce = 0n, nonceKey = 0n, calls } = transaction
  if (gas <= 0n || gas > MAX_GAS) return `The transaction must state its gas, at most ${MAX_GAS}.`
  if (nonceKey > EXPIRING) return "The transaction's nonceKey is larger than 256 bits."
  if (nonceKey === EXPIRING && nonce !== 0n) return "The nonce of a transaction with an expiring nonce must be 0."
  if (nonceKey >> 248n === RESERVED_KEY) return "The transaction's nonceKey is reserved for validators. Choose another."
  if (calls.some(({ value = 0n }) => value !== 0n)) return "The transaction's calls must not carry a value."
  return undefined
}
