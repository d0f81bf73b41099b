import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Returns the median of some numbers; NaN for none. */
export const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN

/** Returns the value below which `share` (0 to 1) of ascending numbers are. */
export const quantile = (ascending: ReadonlyArray<number>, share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN

/** Prints rows of the same columns below a title. */
export const print = (title: string, rows: ReadonlyArray<Readonly<Record<string, string | number>>>): void => {
  console.log(`\n${title}`)
  console.table(rows)
}

/** Stores the measurements beside the table: `.local/bench/<name>.json`, with the time and the machine. */
export const save = (name: string, measured: unknown): void => {
  const folder = join(".local", "bench")
  mkdirSync(folder, { recursive: true })
  const about = { at: new Date().toISOString(), node: process.version, platform: `${process.platform} ${process.arch}` }
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...about, measured }, null, 2)}\n`)
}

/** Writes at most two decimals. */
export const round = (value: number): number => Math.round(value * 100) / 100
