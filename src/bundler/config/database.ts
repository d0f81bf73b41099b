import { joinPath } from "../project/paths.ts"
import { type BindingNames, FOR_WRANGLER, readMade } from "./bindings.ts"
import type { Report } from "./Report.ts"
import type { MigrationSettings } from "./types.ts"
import { textAt, warnOfOthers } from "./values.ts"

/** The database of a project, and its migrations. */
export interface Database {
  readonly binding: string
  readonly migrations: MigrationSettings
}

/** Where wrangler looks for migrations, and where it notes them. */
const MIGRATIONS = { directory: "migrations", table: "d1_migrations" }

/** Reads `d1_databases`, which may have one. */
export const readDatabase = (report: Report, names: BindingNames): Database | undefined => {
  const [first, second] = readMade(report, names, "d1_databases", "a database", ["database_id"])
  if (second !== undefined)
    report.refuse(
      [...second.path, "binding"],
      "A deployment can have one D1 database",
      "Put all tables in one database."
    )
  if (first === undefined) return undefined
  const { binding, path, table } = first
  const MORE = ["migrations_dir", "migrations_table", "migrations_pattern"]
  warnOfOthers(report, table, path, ["binding", "database_id", ...MORE, ...FOR_WRANGLER])
  const written = textAt(report, table, path, "migrations_dir")
  const directory = joinPath("", written ?? MIGRATIONS.directory)
  const pattern = textAt(report, table, path, "migrations_pattern")
  const root = directory === undefined || directory === "" ? "" : `${directory}/`
  const files = pattern === undefined ? `${root}*.sql` : joinPath("", pattern)
  const name = textAt(report, table, path, "migrations_table") ?? MIGRATIONS.table
  if (directory === undefined)
    report.refuse(
      [...path, "migrations_dir"],
      '"migrations_dir" leads out of the project',
      "Send the migrations as files."
    )
  else if (files === undefined || !files.startsWith(root) || files.length > 500)
    report.refuse(
      [...path, "migrations_pattern"],
      `"migrations_pattern" must begin with "${root}"`,
      `Correct it, as in "${root}*.sql".`
    )
  // It becomes part of SQL. The other names are the database's own.
  else if (!/^(?!sqlite_|_cf_)[a-z_]\w*$/i.test(name) || name.length > 100)
    report.refuse([...path, "migrations_table"], '"migrations_table" must be the name of a table', "Leave it out.")
  else return { binding, migrations: { directory, pattern: files, table: name } }
  return undefined
}
