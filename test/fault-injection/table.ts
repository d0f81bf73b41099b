import type { Row } from "./assess.ts"

const columns: ReadonlyArray<readonly [heading: string, of: (row: Row) => string | number]> = [
  ["fault", ({ fault }) => fault],
  ["runs", ({ runs }) => runs],
  ["injected", ({ injected }) => injected],
  ["captured", ({ captured }) => captured],
  ["delivered", ({ delivered }) => delivered],
  ["double charges", ({ doubleCharges }) => doubleCharges],
  ["lost payments", ({ lostPayments }) => lostPayments],
  ["charged for nothing", ({ chargedForNothing }) => chargedForNothing],
  ["orphan projects", ({ orphans }) => orphans],
  ["charged and gone", ({ chargedAndGone }) => chargedAndGone]
]

const sum = (rows: ReadonlyArray<Row>, of: (row: Row) => string | number) =>
  rows.reduce((total, row) => total + Number(of(row)), 0)

/** Writes the table as text, with a row of sums. */
export const table = (rows: ReadonlyArray<Row>): string => {
  const lines = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, of]) => String(of(row)))),
    columns.map(([, of], index) => (index === 0 ? "all" : String(sum(rows, of))))
  ]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
    )
    .join("\n")
}

/** Returns a sentence for each fault of the outcome. */
export const objections = (rows: ReadonlyArray<Row>, leastPaid: number): ReadonlyArray<string> => {
  const wrong = rows.flatMap((row) => [
    ...(row.injected === row.runs ? [] : [`${row.fault}: did not happen in every run`]),
    ...(row.runs >= 10 ? [] : [`${row.fault}: fewer than 10 runs`]),
    ...columns.slice(5).flatMap(([heading, of]) => (of(row) === 0 ? [] : [`${row.fault}: ${heading}`])),
    ...row.broken
  ])
  const paid = rows.reduce((total, { delivered }) => total + delivered, 0)
  return paid >= leastPaid ? wrong : [...wrong, `only ${paid} paid deploys, not ${leastPaid}`]
}
