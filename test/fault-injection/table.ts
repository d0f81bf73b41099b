import type { Verdict } from "./assess.ts"

const columns: ReadonlyArray<readonly [heading: string, of: (verdict: Verdict) => string | number]> = [
  ["fault", ({ fault }) => fault],
  ["runs", ({ runs }) => runs],
  ["injected", ({ injected }) => injected],
  ["captured", ({ captured }) => captured],
  ["delivered", ({ delivered }) => delivered],
  ["double charges", ({ doubleCharges }) => doubleCharges],
  ["lost payments", ({ lostPayments }) => lostPayments],
  ["charged for nothing", ({ chargedForNothing }) => chargedForNothing],
  ["orphan projects", ({ orphans }) => orphans]
]

const sum = (verdicts: ReadonlyArray<Verdict>, of: (verdict: Verdict) => string | number) =>
  verdicts.reduce((total, verdict) => total + Number(of(verdict)), 0)

/** The table as text, with a row of sums. */
export const table = (verdicts: ReadonlyArray<Verdict>): string => {
  const rows = [
    columns.map(([heading]) => heading),
    ...verdicts.map((verdict) => columns.map(([, of]) => String(of(verdict)))),
    columns.map(([, of], index) => (index === 0 ? "all" : String(sum(verdicts, of))))
  ]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
    )
    .join("\n")
}

/** What is wrong with the outcome, in sentences; empty if nothing is. */
export const objections = (verdicts: ReadonlyArray<Verdict>, leastPaid: number): ReadonlyArray<string> => {
  const wrong = verdicts.flatMap((verdict) => [
    ...(verdict.injected === verdict.runs ? [] : [`${verdict.fault}: did not happen in every run`]),
    ...(verdict.runs >= 10 ? [] : [`${verdict.fault}: fewer than 10 runs`]),
    ...columns.slice(5).flatMap(([heading, of]) => (of(verdict) === 0 ? [] : [`${verdict.fault}: ${heading}`])),
    ...verdict.broken
  ])
  const paid = verdicts.reduce((total, { delivered }) => total + delivered, 0)
  return paid >= leastPaid ? wrong : [...wrong, `only ${paid} paid deploys, not ${leastPaid}`]
}
