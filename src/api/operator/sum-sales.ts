import type { Currency } from "../../domain/currencies.ts"
import type { SaleRow } from "../../records/rows.ts"

/** Sales in one token. */
export interface Amount {
  /** The token's address. */
  readonly token: string
  /** Its name, or its address if it has none here. */
  readonly name: string
  readonly amount: string
  readonly count: number
}

/** Sales by token. */
export interface Sales {
  readonly count: number
  /** Sums of exact decimals. Sales of earlier releases, whose amount nobody saved, count and add nothing. */
  readonly amounts: ReadonlyArray<Amount>
}

/** Prices have at most six decimals. */
const UNIT = 1_000_000n

const microsOf = (amount: string): bigint => {
  const [whole = "0", decimals = ""] = amount.split(".")
  return BigInt(whole) * UNIT + BigInt(decimals.padEnd(6, "0").slice(0, 6))
}

const decimalOf = (micros: bigint): string => {
  const decimals = String(micros % UNIT).padStart(6, "0")
  // bounded: 4 digits
  return `${micros / UNIT}.${decimals.slice(0, 2)}${decimals.slice(2).replace(/0+$/, "")}`
}

/** Counts sales and adds their amounts, by token. Floats would lose fractions of a cent. */
export const sumSales = (rows: ReadonlyArray<SaleRow>, currencies: ReadonlyArray<Currency>): Sales => {
  const nameOf = (token: string) =>
    currencies.find(({ address }) => address.toLowerCase() === token.toLowerCase())?.name ?? token
  const sums = new Map<string, { micros: bigint; count: number }>()
  for (const { token, amount } of rows) {
    const name = token ?? "unknown"
    const { micros, count } = sums.get(name) ?? { micros: 0n, count: 0 }
    sums.set(name, { micros: micros + microsOf(amount ?? "0"), count: count + 1 })
  }
  const amounts = [...sums].map(([token, { micros, count }]) => ({
    token,
    name: nameOf(token),
    amount: decimalOf(micros),
    count
  }))
  return { count: rows.length, amounts }
}
