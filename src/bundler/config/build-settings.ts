import { entriesOf, own } from "../project/jsonc.ts"
import { quoted, type Report } from "./Report.ts"
import type { ModuleRule, ProjectConfig } from "./types.ts"
import { tablesAt, textAt, textsAt, textTableAt } from "./values.ts"

/** How many definitions, aliases, or patterns of rules a project may have, because each import meets all of them. */
const MAX = 200

/** UTF-16 units of a pattern, and of an alias. */
const MAX_LENGTH = 500

/** UTF-16 units of all patterns of rules, because each import is compared with each of them. */
const MAX_PATTERNS = 2000

/** A name as code writes it, with or without properties: `process.env.X`. */
const isName = (text: string): boolean =>
  text.split(".").every((part) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(part))

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const checkCount = (report: Report, key: string, count: number): boolean => {
  if (count > MAX) report.refuse([key], `"${key}" has ${count} entries`, `At most ${MAX} are allowed.`)
  return count <= MAX
}

/** Reads `main`, the program. */
export const readMain = (report: Report): ProjectConfig["main"] => {
  const path = textAt(report, report.value, [], "main")
  if (path === undefined || path === "") return undefined
  const { file, line, column } = report.place(["main"])
  return { path, place: { file, line, column } }
}

/** Reads `define`: code that stands for names. */
export const readDefine = (report: Report): Readonly<Record<string, string>> => {
  const define = textTableAt(report, report.value, "define")
  if (!checkCount(report, "define", Object.keys(define).length)) return {}
  for (const [name, value] of entriesOf(define) as ReadonlyArray<readonly [string, string]>)
    if (!isName(name))
      report.refuse(
        ["define", name],
        `${quoted(name)} is no name that code could have`,
        'Write it as in "APP.VERSION".'
      )
    else if (!isName(value) && !isJson(value))
      report.refuse(
        ["define", name],
        `The definition of ${quoted(name)} is neither JSON nor a name`,
        `A text has quotes within: ${JSON.stringify(JSON.stringify(value.slice(0, 100)))}`
      )
  return define
}

/** Reads `alias`: modules that stand for others. */
export const readAlias = (report: Report): Readonly<Record<string, string>> => {
  const alias = textTableAt(report, report.value, "alias")
  if (!checkCount(report, "alias", Object.keys(alias).length)) return {}
  for (const [name, target] of Object.entries(alias))
    if (name === "" || target === "" || name.length > MAX_LENGTH || target.length > MAX_LENGTH)
      report.refuse(["alias", name], `The alias of ${quoted(name)} is empty or too long`, "Correct it or leave it out.")
  return alias
}

const PYTHON = "Only JavaScript and TypeScript run here."

/** Reads `rules`: how files are imported. */
export const readRules = (report: Report): ReadonlyArray<ModuleRule> => {
  const rules = tablesAt(report, report.value, [], "rules").flatMap(([path, rule]): ReadonlyArray<ModuleRule> => {
    const type = textAt(report, rule, path, "type")
    const globs = textsAt(report, rule, path, "globs")
    if (globs.some((glob) => glob.length > MAX_LENGTH))
      report.refuse([...path, "globs"], `A pattern is longer than ${MAX_LENGTH} characters`, "Shorten it.")
    else if (type === "Text" || type === "Data" || type === "CompiledWasm") return [{ type, globs }]
    else if (type === "ESModule" || type === "CommonJS")
      report.warn([...path, "type"], `Rules of type ${type} have no effect, because the project is bundled`)
    else if (type === "PythonModule" || type === "PythonRequirement")
      report.refuse([...path, "type"], `Rules of type ${type} cannot be honoured`, PYTHON)
    else if (type !== undefined || own(rule, "type") === undefined)
      report.refuse(path, "The rule has no type that there is", "Types are Text, Data and CompiledWasm.")
    return []
  })
  const globs = rules.flatMap((rule) => rule.globs)
  const units = globs.reduce((sum, glob) => sum + glob.length, 0)
  if (units > MAX_PATTERNS)
    report.refuse(["rules"], `The patterns have ${units} characters in all`, `At most ${MAX_PATTERNS} are allowed.`)
  return checkCount(report, "rules", globs.length) ? rules : []
}
