import type { Counted } from "./Counter.ts"

/** A table of docs/scale.md: the names of its columns, and its rows by their names. */
export interface Table {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyMap<string, ReadonlyArray<string>>
}

/** The columns of what is counted. docs/scale.md explains them. */
export const COLUMNS = [
  "requests",
  "order",
  "payer",
  "operator",
  "alarms",
  "rows read",
  "rows written",
  "KV reads",
  "KV writes",
  "KV deletes",
  "KV lists",
  "chain",
  "host",
  "site",
  "isolate calls",
  "isolates",
  "log lines",
  "most"
] as const

/** The names of the counts. */
export type Column = (typeof COLUMNS)[number]

/** The numbers of one operation. */
export type Counts = Readonly<Record<Column, number>>

/** The host's answer about the account is kept for 5 s in an isolate. Each deploy counts as if it had to ask. */
const ACCOUNT = "host GET /v1/me"
const askingForTheAccount = (calls: Readonly<Record<string, number>>) =>
  Object.hasOwn(calls, "host POST /v1/projects") ? { ...calls, [ACCOUNT]: 1 } : calls

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((total, one) => total + one, 0)

/** Sums up what the Worker has done. */
export const countsOf = ({ invocations, operator, ...seen }: Counted): Counts => {
  const made = invocations.map(({ calls }) => Object.entries(askingForTheAccount(calls)))
  const calls = (pattern: RegExp) => sum(made.flat().flatMap(([name, count]) => (pattern.test(name) ? [count] : [])))
  const invoked = (pattern: RegExp, of: (object?: string) => boolean = () => true) =>
    invocations.filter(({ name, object }) => pattern.test(name) && of(object)).length
  const isAlarm = / alarm$/
  return {
    requests: invoked(/^(gateway|sweep)$/),
    order: invoked(/^Order (?!alarm$)/),
    payer: invoked(/^Payer (?!alarm$)/, (object) => object !== operator),
    operator: invoked(/^Payer (?!alarm$)/, (object) => object === operator),
    alarms: invoked(isAlarm),
    "rows read": seen.rowsRead,
    "rows written": seen.rowsWritten,
    "KV reads": calls(/^kv get/),
    "KV writes": calls(/^kv put$/),
    "KV deletes": calls(/^kv delete$/),
    "KV lists": calls(/^kv list$/),
    chain: calls(/^chain /),
    host: calls(/^host /),
    site: calls(/^site /),
    "isolate calls": calls(/^isolate /),
    isolates: seen.isolates,
    "log lines": seen.logLines,
    most: Math.max(0, ...made.map((entries) => sum(entries.map(([, count]) => count))))
  }
}

const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

/** Finds the table between the comments of this name in a text. */
const places = (name: string) => new RegExp(`(<!-- ${name} -->\\n)([\\s\\S]*?)(\\n<!-- end -->)`)

/**
 * Reads a table.
 *
 * @throws Error if the text has none of this name.
 */
export const readTable = (text: string, name: string): Table => {
  const [, , found] = places(name).exec(text) ?? []
  if (found === undefined) throw new Error(`there is no table between <!-- ${name} --> and <!-- end -->`)
  const [head = "", , ...lines] = found.split("\n").filter((line) => line.startsWith("|"))
  return {
    columns: cells(head).slice(1),
    rows: new Map(lines.map((line) => [cells(line)[0] ?? "", cells(line).slice(1)]))
  }
}

/** Returns the text with another table of this name. */
export const writeTable = (text: string, name: string, { columns, rows }: Table): string => {
  const line = (all: ReadonlyArray<string>) => `| ${all.join(" | ")} |`
  const [, start = ""] = places(name).exec(text) ?? []
  const lines = [
    line(["", ...columns]),
    `|${"---|".repeat(columns.length + 1)}`,
    ...[...rows].map(([row, all]) => line([row, ...all]))
  ]
  return text.replace(
    places(name),
    (_, before: string, __, after: string) => `${before || start}${lines.join("\n")}${after}`
  )
}

/** The number in a cell; not a number if there is none. */
export const valueIn = ({ columns, rows }: Table, row: string, column: string): number =>
  Number(rows.get(row)?.[columns.indexOf(column)] ?? Number.NaN)

/** Says each cell that differs, and its new value. */
export const differences = (name: string, written: Table, counted: Table): ReadonlyArray<string> => {
  const rows = [...new Set([...written.rows.keys(), ...counted.rows.keys()])]
  const columns = [...new Set([...written.columns, ...counted.columns])]
  const cell = ({ columns, rows }: Table, row: string, column: string) => {
    const at = columns.indexOf(column)
    return at < 0 ? "no such column" : (rows.get(row)?.[at] ?? "no such row")
  }
  return rows.flatMap((row) =>
    columns.flatMap((column) => {
      const [is, should] = [cell(written, row, column), cell(counted, row, column)]
      return is === should ? [] : [`${name}: "${row}", ${column}: ${is} in docs/scale.md, ${should} now`]
    })
  )
}
