import { entriesOf, own } from "../project/jsonc.ts"
import { utf8Length } from "../limits.ts"
import { quoted, type Report } from "./Report.ts"
import type { Path } from "./text/locate-json.ts"
import { isTable, requiredTextAt, tablesAt, textsAt, warnOfOthers } from "./values.ts"

/** The limits of Cloudflare for a Worker: bytes of UTF-8 in one var, and their number. */
const VARS = { bytes: 5120, count: 64 }

/** How many namespaces or buckets a deployment may have, because each of them costs the host's account one. */
const MAX_MADE = 10

/** Names that the host uses for itself. Two bindings of one name would make it refuse the upload after the payment. */
const isReserved = (name: string): boolean => name === "PROJECT_ID" || name.startsWith("__JACK_")

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
    // The host keeps names in plain objects, which lose this one.
    const isValid = /^[A-Za-z_]\w*$/.test(name) && name.length <= 100 && name !== "__proto__"
    const hint = "Give every binding a name of its own, of letters, digits and underscores."
    if (!isValid) this.#report.refuse(path, `${quoted(name)} is not a valid name of a binding`, hint)
    else if (isReserved(name)) this.#report.refuse(path, `The host sets env.${name}`, "Choose another name.")
    else if (this.#seen.has(name)) this.#report.refuse(path, `Two bindings have the name ${quoted(name)}`, hint)
    this.#seen.add(name)
    return isValid ? name : undefined
  }

  /** Makes a name that no binding has yet. */
  make(wanted: string): string {
    const name = this.#seen.has(wanted) ? this.make(`${wanted}_`) : wanted
    this.#seen.add(name)
    return name
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
export const FOR_WRANGLER = [
  "remote",
  "preview_id",
  "preview_bucket_name",
  "preview_database_id",
  "local_dev",
  "database_name"
]

/** Reads a list of bindings whose resources are made for the deployment. */
export const readMade = (
  report: Report,
  names: BindingNames,
  key: string,
  noun: string,
  ids: ReadonlyArray<string>
) => {
  const tables = tablesAt(report, report.value, [], key)
  if (tables.length > MAX_MADE)
    report.refuse([key], `"${key}" has ${tables.length} entries`, `At most ${MAX_MADE} are allowed.`)
  return tables.slice(0, MAX_MADE).flatMap(([path, table]) => {
    const binding = names.add(requiredTextAt(report, table, path, "binding"), [...path, "binding"])
    for (const id of ids)
      if (own(table, id) !== undefined)
        report.warn(
          [...path, id],
          `"${id}" is ignored: the deployment gets ${noun} of its own, which is empty at first`
        )
    return binding === undefined ? [] : [{ binding, path, table }]
  })
}

/** Refuses a name that differs from another in its case alone, because the host would give both the same resource. */
const checkCases = (report: Report, made: ReturnType<typeof readMade>): ReturnType<typeof readMade> => {
  const seen = new Map<string, string>()
  for (const { binding, path } of made) {
    const other = seen.get(binding.toLowerCase())
    if (other !== undefined && other !== binding)
      report.refuse(
        [...path, "binding"],
        `The names ${quoted(other)} and ${quoted(binding)} differ in their case alone`,
        "Choose another name."
      )
    seen.set(binding.toLowerCase(), binding)
  }
  return made
}

/** Reads `kv_namespaces`: the names of the bindings. */
export const readKv = (report: Report, names: BindingNames): ReadonlyArray<string> =>
  checkCases(report, readMade(report, names, "kv_namespaces", "a namespace", ["id"])).map(
    ({ binding, path, table }) => {
      warnOfOthers(report, table, path, ["binding", "id", ...FOR_WRANGLER])
      return binding
    }
  )

/** Reads `r2_buckets`: the names of the bindings. */
export const readR2 = (report: Report, names: BindingNames): ReadonlyArray<string> =>
  checkCases(report, readMade(report, names, "r2_buckets", "a bucket", ["bucket_name"])).map(
    ({ binding, path, table }) => {
      warnOfOthers(report, table, path, ["binding", "bucket_name", ...FOR_WRANGLER])
      return binding
    }
  )

/** Reads `secrets.required`: the names of secrets that the code needs. */
export const readRequiredSecrets = (report: Report): ReadonlyArray<string> => {
  const key = "required"
  const required = textsAt(report, own(report.value, "secrets"), ["secrets"], key)
  const wrong = required.findIndex((name) => !/^[A-Za-z_]\w*$/.test(name) || name.length > 100 || isReserved(name))
  if (wrong >= 0)
    report.refuse(
      ["secrets", key, wrong],
      `${quoted(required[wrong] ?? "")} cannot be the name of a secret`,
      "Use letters, digits and underscores."
    )
  else if (required.length > VARS.count)
    report.refuse(["secrets", key], `${required.length} secrets are too many`, `At most ${VARS.count} are allowed.`)
  return required
}
