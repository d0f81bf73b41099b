import { own } from "../project/jsonc.ts"
import { folderOf, joinPath } from "../project/paths.ts"
import type { BindingNames } from "./bindings.ts"
import { quoted, type Report } from "./Report.ts"
import type { AssetSettings } from "./types.ts"
import { isTable, textAt, textsAt, warnOfOthers } from "./values.ts"

const HTML = ["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]
const NOT_FOUND = ["single-page-application", "404-page", "none"]

/** The limits of Cloudflare: rules of `run_worker_first`, and characters of one. */
const RULES = { count: 100, length: 100 }

const choice = (report: Report, table: unknown, key: string, values: ReadonlyArray<string>): string | undefined => {
  const value = textAt(report, table, ["assets"], key)
  if (value === undefined || values.includes(value)) return value
  report.refuse(["assets", key], `"${key}" is ${quoted(value)}`, `It can be ${values.join(", ")}.`)
  return undefined
}

/** Whether a rule says nothing beside another one, so that Cloudflare refuses the list. */
const isRedundant = (rule: string, index: number, rules: ReadonlyArray<string>): boolean =>
  rules.some((other, at) => (other === rule ? at < index : other.endsWith("*") && rule.startsWith(other.slice(0, -1))))

const checkRules = (report: Report, key: string, rules: ReadonlyArray<string>): void => {
  const path = ["assets", key]
  const wrong = rules.findIndex((rule) => !/^!?\//.test(rule) || rule.length > RULES.length)
  if (rules.length > RULES.count)
    report.refuse(path, `${rules.length} rules are too many`, `At most ${RULES.count} are allowed.`)
  else if (wrong >= 0)
    report.refuse(
      [...path, wrong],
      `${quoted(rules[wrong] ?? "")} is no path`,
      `Begin it with "/" or "!/", and use at most ${RULES.length} characters.`
    )
  else if (rules.every((rule) => rule.startsWith("!")))
    report.refuse(path, `"${key}" names no path for the program`, 'Add one without "!", as in ["/api/*"].')
  else {
    const redundant = rules.findIndex(isRedundant)
    if (redundant >= 0)
      report.refuse(
        [...path, redundant],
        `Another rule makes ${quoted(rules[redundant] ?? "")} redundant`,
        "Remove it."
      )
  }
}

const readWorkerFirst = (report: Report, table: unknown): boolean | ReadonlyArray<string> | undefined => {
  const key = "run_worker_first"
  const value = own(table, key)
  if (value === undefined || value === null) return undefined
  if (typeof value === "boolean") return value
  const rules = textsAt(report, table, ["assets"], key)
  if (Array.isArray(value) && rules.length === value.length) checkRules(report, key, rules)
  return rules
}

/** The page of a project that Vite has built. Cloudflare's plugin for Vite serves its folder, and no configuration names it. */
const BUILT_PAGE = "dist/client/index.html"

/**
 * Reads `assets`: static files.
 *
 * @param hasFile whether a file was sent.
 */
export const readAssets = (
  report: Report,
  names: BindingNames,
  hasFile: (path: string) => boolean
): AssetSettings | undefined => {
  const table = own(report.value, "assets")
  if (table === undefined || table === null) return undefined
  if (!isTable(table)) {
    report.refuseType(["assets"], 'an object such as { "directory": "./public" }')
    return undefined
  }
  const binding = textAt(report, table, ["assets"], "binding")
  const isBuilt = own(table, "directory") === undefined && hasFile(BUILT_PAGE)
  const written = isBuilt ? folderOf(BUILT_PAGE) : textAt(report, table, ["assets"], "directory")
  if (written === "" || (own(table, "directory") === undefined && !isBuilt))
    report.refuse(
      ["assets"],
      '"directory" of assets is missing',
      "Name the folder of the files. If Vite builds the project, build it and send dist/client: no command runs here."
    )
  const directory = written === undefined ? undefined : joinPath("", written.replaceAll("\\", "/"))
  const htmlHandling = choice(report, table, "html_handling", HTML)
  const notFoundHandling = choice(report, table, "not_found_handling", NOT_FOUND)
  const runWorkerFirst = readWorkerFirst(report, table)
  if (own(table, "base_path") !== undefined)
    report.refuse(
      ["assets", "base_path"],
      "Assets cannot have a base path here",
      "Put the files in a folder of that name."
    )
  warnOfOthers(
    report,
    table,
    ["assets"],
    ["directory", "binding", "html_handling", "not_found_handling", "run_worker_first", "base_path"]
  )
  const isOutside = written !== undefined && (directory === undefined || written.startsWith("/"))
  if (isOutside)
    report.refuse(
      ["assets", "directory"],
      `"directory" leads out of the project: ${quoted(written)}`,
      'Write it relative to the project\'s root, as in "./public".'
    )
  if (directory === undefined || isOutside) return undefined
  return {
    directory,
    binding: names.add(binding, ["assets", "binding"]) ?? null,
    ...(htmlHandling === undefined ? {} : { htmlHandling }),
    ...(notFoundHandling === undefined ? {} : { notFoundHandling }),
    ...(runWorkerFirst === undefined ? {} : { runWorkerFirst }),
    place: report.place(isBuilt ? ["assets"] : ["assets", "directory"])
  }
}
