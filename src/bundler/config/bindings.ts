import { entriesOf, own } from "../project/jsonc.ts"
import { joinPath } from "../project/paths.ts"
import { utf8Length } from "../limits.ts"
import { quoted, type Report } from "./Report.ts"
import type { Path } from "./text/locate-json.ts"
import type { MigrationSettings } from "./types.ts"
import { isTable, requiredTextAt, tablesAt, textAt, textsAt, warnOfOthers } from "./values.ts"

/** What Cloudflare allows a Worker: bytes of UTF-8 in one var, and their number. */
const VARS = { bytes: 5120, count: 64 }

/** Collects the names in `env`, and refuses one that is used twice. */
export class BindingNames {
  readonly #report: Report
  readonly #seen = new Set<string>()

  constructor(report: Report) {
    this.#report = report
  }

  /** @returns the name, or `undefined` if it is refused. */
  add(name: string | undefined, path: Path): string | undefined {
    if (name === undefined) return undefined
    const isValid = /^[A-Za-z_$][\w$]*$/.test(name) && name.length <= 100
    const hint = "Give every binding a name of its own, of letters, digits and underscores."
    if (!isValid) this.#report.refuse(path, `${quoted(name)} is not a valid name of a binding`, hint)
    else if (this.#seen.has(name)) this.#report.refuse(path, `Two bindings have the name ${quoted(name)}`, hint)
    this.#seen.add(name)
    return isValid ? name : undefined
  }
}

const nonText = (name: string, value: unknown): string => {
  const isPlain = typeof value === "number" || typeof value === "boolean"
  return isPlain
    ? `Send its JSON text: ${quoted(name)}: "${String(value)}"`
    : `Send its JSON text as a string, and read it with JSON.parse(env.${name.slice(0, 100)}).`
}

/** Reads `vars`. */
export const readVars = (report: Report, names: BindingNames): Readonly<Record<string, string>> => {
  const vars = own(report.value, "vars")
  if (vars === undefined || vars === null) return {}
  if (!isTable(vars)) report.refuseType(["vars"], "an object")
  const entries = entriesOf(vars)
  if (entries.length > VARS.count)
    report.refuse(["vars"], `${entries.length} vars are too many`, `At most ${VARS.count} are allowed.`)
  return Object.fromEntries(
    entries.slice(0, VARS.count).flatMap(([name, value]) => {
      const path = ["vars", name]
      if (names.add(name, path) === undefined) return []
      if (typeof value !== "string")
        report.refuse(path, `The var ${quoted(name)} is not a string`, nonText(name, value))
      else if (utf8Length(value) > VARS.bytes)
        report.refuse(
          path,
          `The var ${quoted(name)} has more than ${VARS.bytes} bytes`,
          "Send it as a file, and import it."
        )
      else return [[name, value]]
      return []
    })
  )
}

/** Keys of a binding that only matter to wrangler's own commands. */
const FOR_WRANGLER = [
  "remote",
  "preview_id",
  "preview_bucket_name",
  "preview_database_id",
  "local_dev",
  "database_name"
]

/** Reads a list of bindings whose resources are made for the deployment. */
const readMade = (report: Report, names: BindingNames, key: string, noun: string, ids: ReadonlyArray<string>) =>
  tablesAt(report, report.value, [], key).flatMap(([path, table]) => {
    const binding = names.add(requiredTextAt(report, table, path, "binding"), [...path, "binding"])
    for (const id of ids)
      if (own(table, id) !== undefined)
        report.warn(
          [...path, id],
          `"${id}" is ignored: the deployment gets ${noun} of its own, which is empty at first`
        )
    return binding === undefined ? [] : [{ binding, path, table }]
  })

/** Reads `kv_namespaces`: the names of the bindings. */
export const readKv = (report: Report, names: BindingNames): ReadonlyArray<string> =>
  readMade(report, names, "kv_namespaces", "a namespace", ["id"]).map(({ binding, path, table }) => {
    warnOfOthers(report, table, path, ["binding", "id", ...FOR_WRANGLER])
    return binding
  })

/** Reads `r2_buckets`: the names of the bindings. */
export const readR2 = (report: Report, names: BindingNames): ReadonlyArray<string> =>
  readMade(report, names, "r2_buckets", "a bucket", ["bucket_name"]).map(({ binding, path, table }) => {
    warnOfOthers(report, table, path, ["binding", "bucket_name", ...FOR_WRANGLER])
    return binding
  })

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
  // It becomes part of SQL.
  else if (!/^[A-Za-z_]\w*$/.test(name) || name.length > 100)
    report.refuse([...path, "migrations_table"], '"migrations_table" must be the name of a table', "Leave it out.")
  else return { binding, migrations: { directory, pattern: files, table: name } }
  return undefined
}

/** Reads `secrets.required`: the names of secrets that the code needs. */
export const readRequiredSecrets = (report: Report): ReadonlyArray<string> =>
  textsAt(report, own(report.value, "secrets"), ["secrets"], "required")
