import { BundleError, type Diagnostic } from "../diagnostics.ts"
import type { MigrationSettings } from "../config/types.ts"
import { lineAt, placeAt } from "../project/jsonc.ts"
import { matchesPath } from "./glob.ts"
import { findSqlProblem } from "./sql.ts"

/** One migration of the database. */
export interface Migration {
  /** Its path below the folder of migrations, by which the database notes it: `"0001_init.sql"`. */
  readonly name: string
  readonly sql: string
}

/** The migrations of a project, in the order in which they are applied. */
export interface Migrations {
  /** The table that notes which were applied: `"d1_migrations"`. */
  readonly table: string
  readonly files: ReadonlyArray<Migration>
}

const numberOf = (name: string): number => Number.parseInt(name.split("_", 1)[0] ?? "", 10)

const compareNames = (a: string, b: string): number => {
  const [left, right] = [numberOf(a), numberOf(b)]
  if (Number.isFinite(left) && Number.isFinite(right) && left !== right) return left - right
  if (Number.isFinite(left) !== Number.isFinite(right)) return Number.isFinite(left) ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** The order of wrangler: by the number that a name begins with, then by name; folder by folder. */
const compare = (a: string, b: string): number => {
  const [left, right] = [a.split("/"), b.split("/")]
  for (const [index, name] of left.entries()) {
    const other = right[index]
    if (other === undefined) break
    const order = compareNames(name, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Refuses SQL that no database would take, because the database is asked after the payment. */
const checkSql = (file: string, sql: string): void => {
  const problem = findSqlProblem(sql)
  if (problem === undefined) return
  const place = placeAt(file, sql, problem.offset)
  const source = lineAt(sql, place.line)
  const { text, hint } = problem
  throw new BundleError([{ ...place, text, hint, ...(source !== "" && source.length <= 200 && { source }) }])
}

/** How many migrations a project may have. */
const MAX = 200

/**
 * Finds the migrations of a project, as `wrangler d1 migrations apply` does.
 *
 * @throws {BundleError} if they are too many, or one is no text or no SQL.
 */
export const findMigrations = (
  paths: Iterable<string>,
  textOf: (path: string) => string | undefined,
  { directory, pattern, table }: MigrationSettings
): Migrations => {
  const root = directory === "" ? "" : `${directory}/`
  const parts = pattern.slice(root.length).split("/")
  const names = [...paths]
    .flatMap((path) => (path.startsWith(root) ? [path.slice(root.length)] : []))
    .filter((name) => matchesPath(parts, name.split("/"), false))
    .toSorted(compare)
  const refuse = (file: string, text: string, hint: string): never => {
    const diagnostic: Diagnostic = { file, line: 1, column: 1, text, hint }
    throw new BundleError([diagnostic])
  }
  if (names.length > MAX)
    refuse(`${root}${names[MAX] ?? ""}`, `${names.length} migrations are too many`, `At most ${MAX} are allowed.`)
  return {
    table,
    files: names.map((name) => {
      const sql = textOf(root + name) ?? refuse(root + name, "The migration is no text", "Send it as text in UTF-8.")
      checkSql(root + name, sql)
      return { name, sql }
    })
  }
}
