import * as Effect from "effect/Effect"
import { Settings } from "../../config.ts"
import type { Currency } from "../../domain/currencies.ts"
import { Records, RecordsUnavailable } from "../../records/Records.ts"
import { dayOf, type SaleRow } from "../../records/rows.ts"

/** Sales in one token. */
interface Amount {
  /** The token's address. */
  readonly token: string
  /** Its name, or its address if it has none here. */
  readonly name: string
  readonly amount: string
  readonly count: number
}

/** Sales by token. */
interface Sales {
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
const sumSales = (rows: ReadonlyArray<SaleRow>, currencies: ReadonlyArray<Currency>): Sales => {
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

/** Rows that one call of KV lists. */
const PAGE_ROWS = 1000

/** The most calls of KV for the sales of one day. */
const DAY_CALLS = 10

/** The most calls of KV for one answer. The platform limits the calls of one request. */
const CALLS = 100

const DAY_MS = 86_400_000

/**
 * The sales of the last days, the newest day first. Each day is read to 10,000 sales, or fewer if there are many days: to 3,000 for 31.
 * A day with more is not `complete`. `now` in unix milliseconds.
 */
export const soldView = (days: number, now: number) => {
  const calls = Math.min(DAY_CALLS, Math.floor(CALLS / days))
  return Effect.forEach(
    Array.from({ length: days }, (_, index) => dayOf(now - index * DAY_MS)),
    (day) => soldOn(day, calls),
    { concurrency: 4 }
  )
}

const soldOn = Effect.fnUntraced(function* (day: string, calls: number) {
  const { list } = yield* Records
  const { TEMPO_CURRENCIES = [] } = yield* Settings
  const rows: Array<SaleRow> = []
  let cursor: string | null = null
  for (let call = 0; call < calls; call++) {
    const found: Effect.Success<ReturnType<typeof list<"sale">>> = yield* list("sale", {
      prefix: `${day}:`,
      limit: PAGE_ROWS,
      ...(cursor !== null && { cursor })
    }).pipe(Effect.catchTag("InvalidCursor", ({ message }) => new RecordsUnavailable({ message })))
    rows.push(...found.rows)
    cursor = found.cursor
    if (cursor === null) break
  }
  return { day, ...sumSales(rows, TEMPO_CURRENCIES), complete: cursor === null }
})
