import * as Effect from "effect/Effect"
import type { DatabaseRow } from "./ControlPlane.ts"
import { QueryRejected } from "./errors.ts"

/** The words that a statement may begin with. */
const VERBS = new Set(["CREATE", "INSERT", "UPDATE", "DELETE", "ALTER", "DROP", "SELECT", "PRAGMA"])

/** Statements without the semicolons in texts, which the tests do not use. */
const statementsOf = (sql: string): ReadonlyArray<string> =>
  sql
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")

const rejected = (message: string) => new QueryRejected({ message: `${message}: SQLITE_ERROR` })

/**
 * A database for tests. It keeps the names of tables and the names that are inserted into them, and knows as much of SQL as
 * migrations need: a statement that begins with another word than a verb of SQL is a syntax error.
 */
export class MemoryDatabase {
  /** The rows of each table: their column `name`. */
  tables = new Map<string, ReadonlyArray<string>>()
  /** Every statement that took effect. */
  readonly statements: Array<string> = []

  readonly id: string
  readonly binding: string

  constructor(id: string, binding: string) {
    this.id = id
    this.binding = binding
  }

  /** Returns the column `name` of a table. */
  query(sql: string): Effect.Effect<ReadonlyArray<DatabaseRow>, QueryRejected> {
    return Effect.suspend(() => {
      const table = /^SELECT name FROM "(\w+)" ORDER BY id$/.exec(sql)?.[1] ?? ""
      const rows = this.tables.get(table)
      return rows === undefined ? rejected(`no such table: ${table}`) : Effect.succeed(rows.map((name) => ({ name })))
    })
  }

  /** Runs all statements, or none. */
  execute(sql: string): Effect.Effect<void, QueryRejected> {
    return Effect.gen({ self: this }, function* () {
      const tables = new Map(this.tables)
      for (const statement of statementsOf(sql)) yield* run(tables, statement)
      this.tables = tables
      this.statements.push(...statementsOf(sql))
    })
  }
}

const run = (tables: Map<string, ReadonlyArray<string>>, statement: string): Effect.Effect<void, QueryRejected> => {
  const verb = /^\w+/.exec(statement)?.[0] ?? ""
  if (!VERBS.has(verb.toUpperCase())) return rejected(`near "${verb}": syntax error`)
  const created = /^CREATE TABLE (IF NOT EXISTS )?"?(\w+)/i.exec(statement)
  if (created !== null) {
    const [, optional, table = ""] = created
    if (tables.has(table) && optional === undefined) return rejected(`table ${table} already exists`)
    if (!tables.has(table)) tables.set(table, [])
  }
  const inserted = /^INSERT INTO "(\w+)" \(name\) VALUES \('([^']*)'\)$/.exec(statement)
  if (inserted === null) return Effect.void
  const [, table = "", name = ""] = inserted
  const rows = tables.get(table)
  if (rows === undefined) return rejected(`no such table: ${table}`)
  if (rows.includes(name))
    return new QueryRejected({ message: `UNIQUE constraint failed: ${table}.name: SQLITE_CONSTRAINT` })
  tables.set(table, [...rows, name])
  return Effect.void
}
