import { entriesOf, own } from "../project/jsonc.ts"
import type { Report } from "./Report.ts"
import type { Path } from "./text/locate-json.ts"

/** Whether a value is an object with keys: neither a list nor a date of TOML. */
export const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)

/** Whether a value says nothing: it is absent, or has no entries. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isTable(value) && Object.keys(value).length === 0)

/** The text at a key, if there is one. Anything else that is there is refused. */
export const textAt = (report: Report, table: unknown, path: Path, key: string): string | undefined => {
  const value = own(table, key)
  if (value === undefined || typeof value === "string") return value
  report.refuseType([...path, key], "a string")
  return undefined
}

/** The text at a key that must be there. */
export const requiredTextAt = (report: Report, table: unknown, path: Path, key: string): string | undefined => {
  const value = textAt(report, table, path, key)
  if (value !== undefined && value !== "") return value
  if (value === "" || own(table, key) === undefined) report.refuse(path, `${formatKey(path, key)} is missing`)
  return undefined
}

const formatKey = (path: Path, key: string): string =>
  `${JSON.stringify(key)} of ${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join("")}`

/** The texts of a list. */
export const textsAt = (report: Report, table: unknown, path: Path, key: string): ReadonlyArray<string> => {
  const value = own(table, key)
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((it): it is string => typeof it === "string")) return value
  report.refuseType([...path, key], "a list of strings")
  return []
}

/** The tables of a list, each with its path. */
export const tablesAt = (
  report: Report,
  table: unknown,
  path: Path,
  key: string
): ReadonlyArray<readonly [Path, Readonly<Record<string, unknown>>]> => {
  const value = own(table, key)
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    report.refuseType([...path, key], "a list of objects")
    return []
  }
  return value.flatMap((it: unknown, index) => {
    const at = [...path, key, index]
    if (isTable(it)) return [[at, it] as const]
    report.refuseType(at, "an object")
    return []
  })
}

/** The entries of a table whose values are texts. */
export const textTableAt = (report: Report, table: unknown, key: string): Readonly<Record<string, string>> => {
  const value = own(table, key)
  if (value === undefined || value === null) return {}
  if (!isTable(value)) {
    report.refuseType([key], "an object")
    return {}
  }
  return Object.fromEntries(
    entriesOf(value).flatMap(([name, text]) => {
      if (typeof text === "string") return [[name, text]]
      report.refuseType([key, name], "a string")
      return []
    })
  )
}

/** Refuses keys that a table must not have, or warns of them: `known` are without effect, but no mistake. */
export const warnOfOthers = (
  report: Report,
  table: Readonly<Record<string, unknown>>,
  path: Path,
  known: ReadonlyArray<string>
): void => {
  for (const key of Object.keys(table)
    .filter((key) => !known.includes(key))
    .slice(0, 50))
    report.warn([...path, key], `${JSON.stringify(key.slice(0, 100).toWellFormed())} has no effect here`)
}
