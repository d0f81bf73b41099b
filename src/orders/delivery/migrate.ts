import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ControlPlaneClient, type QueryRejected } from "../../control-plane/ControlPlaneClient.ts"
import type { Migrations } from "../purchase/PurchaseStore.ts"

/** The database refused a migration, and is as it was before it. The payer corrects it by PUT. */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  /** The file, and the database's words. */
  message: Schema.String
}) {}

/** Quotes a name of SQL. */
const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Quotes a text of SQL. */
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The table of `wrangler d1 migrations apply`, so that wrangler continues where the order has stopped. */
const tableOf = (table: string): string =>
  `CREATE TABLE IF NOT EXISTS ${quoteName(table)}(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/**
 * Returns a migration and its record as one transaction. The record comes first, because a file need not end its last statement.
 * Its name is unique, so a migration that lands after it was sent again fails as a whole.
 */
const withRecord = (table: string, name: string, sql: string): string =>
  `INSERT INTO ${quoteName(table)} (name) VALUES (${quoteText(name)});\n${sql}`

const failed = (what: string) => (error: QueryRejected) =>
  new MigrationFailed({ message: `${what} failed: ${error.message}` })

/**
 * Applies the migrations that the database has not recorded, each once and in order. It is safe to interrupt and to repeat,
 * because the database records a migration with it.
 */
export const applyMigrations = Effect.fn("OrderWorkflow.migrate")(function* (
  projectId: string,
  binding: string,
  { table, files }: Migrations
) {
  if (files.length === 0) return
  const host = yield* ControlPlaneClient
  const readApplied = Effect.map(
    host.query(projectId, binding, `SELECT name FROM ${quoteName(table)} ORDER BY id`),
    (rows) => new Set(rows.map((row) => row["name"]))
  )
  yield* host
    .execute(projectId, binding, tableOf(table))
    .pipe(Effect.catchTag("QueryRejected", (error) => failed(`the table of migrations ${table}`)(error)))
  const listApplied = readApplied.pipe(
    Effect.catchTag("QueryRejected", (error) => failed(`the list of the migrations in ${table}`)(error))
  )
  const applied = yield* listApplied
  for (const { name, sql } of files) {
    if (applied.has(name)) continue
    yield* host.execute(projectId, binding, withRecord(table, name, sql)).pipe(
      Effect.catchTag("QueryRejected", (error) =>
        // An earlier request, whose answer was lost, may have applied it meanwhile.
        Effect.flatMap(listApplied, (now) => (now.has(name) ? Effect.void : failed(`the migration ${name}`)(error)))
      )
    )
  }
})
