import type { TxEnvelopeTempo } from "ox/tempo/TxEnvelopeTempo"

/** The price of gas is in 10^-18 dollars, token amounts are in 10^-6 (Tempo, `TEMPO_GAS_PRICE_SCALING_FACTOR`). */
const SCALE = 1_000_000_000_000n

/** The most gas of a transaction (Tempo T1, `TEMPO_T1_TX_GAS_LIMIT_CAP`). A payment takes 0.3 million, 2 million with a key's authorization. */
const MAX_GAS = 30_000_000n

/** The nonce key of transactions with an expiring nonce, which land in any order (TIP-1009). */
export const EXPIRING_NONCE_KEY = 2n ** 256n - 1n

/** The first byte of nonce keys that only validators may use (Tempo, `TEMPO_SUBBLOCK_NONCE_KEY_PREFIX`). */
const RESERVED_KEY = 0x5bn

const toTokenUnits = (gas: bigint, price: bigint): bigint => (gas * price + SCALE - 1n) / SCALE

/** The fee of a transaction, in base units of the token that pays it. The chain takes the maximum first and returns the rest. */
export interface Fee {
  /** The account must hold this much. */
  readonly maximum: bigint
  /** The chain keeps this much, at the price of gas in the latest block. */
  readonly expected: bigint
}

/** Computes the fee of a transaction. */
export const feeOf = (transaction: TxEnvelopeTempo, baseFee: bigint): Fee => {
  const { gas = 0n, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = transaction
  const price = baseFee + maxPriorityFeePerGas
  return {
    maximum: toTokenUnits(gas, maxFeePerGas),
    expected: toTokenUnits(gas, price < maxFeePerGas ? price : maxFeePerGas)
  }
}

/** Finds the rule that keeps a transaction out of every block. Simulations do not check these rules. */
export const findRuleViolation = (transaction: TxEnvelopeTempo): string | undefined => {
  const { gas = 0n, nonce = 0n, nonceKey = 0n, calls } = transaction
  if (gas <= 0n || gas > MAX_GAS) return `The transaction must state its gas, at most ${MAX_GAS}.`
  if (nonceKey > EXPIRING_NONCE_KEY) return "The transaction's nonceKey is larger than 256 bits."
  if (nonceKey === EXPIRING_NONCE_KEY && nonce !== 0n)
    return "The nonce of a transaction with an expiring nonce must be 0."
  if (nonceKey >> 248n === RESERVED_KEY) return "The transaction's nonceKey is reserved for validators. Choose another."
  if (calls.some(({ value = 0n }) => value !== 0n)) return "The transaction's calls must not carry a value."
  return undefined
}
