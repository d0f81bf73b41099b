import type { Diagnostic } from "../diagnostics.ts"
import { lineAt } from "./jsonc.ts"

/** Suggests a default export for a program that exports these names. */
const suggestedEnd = (names: ReadonlyArray<string>): string => {
  const handlers = ["fetch", "scheduled", "queue"].filter((name) => names.includes(name))
  if (handlers.includes("fetch")) return `export default { ${handlers.join(", ")} }`
  const app = ["app", "server", "worker", "handler"].find((name) => names.includes(name))
  if (app !== undefined) return `export default ${app}`
  return 'export default { fetch(request) { return new Response("hello") } }'
}

/** This much of the bundle's end is read, in UTF-16 units. */
const TAIL = 2000

/** Matches the bundle's last two statements, if the first declares the default export in one line and the second exports it. */
const LAST = /\n(?:var|let|const) ([\w$]{1,100}) = ([^\n]{1,1000});\nexport \{\n {2}([\w$]{1,100}) as default\n\};\n$/

/**
 * Names the kind of a value that certainly has no `fetch`. No code between the two statements can change the value, and neither
 * statement can be within a comment or a template, because the bundle would end within it too.
 */
const kindOf = (value: string): string | undefined => {
  if (/^-?\d[\d._]{0,40}n?$/.test(value)) return "a number"
  if (/^"[^"\\]*"$/.test(value) || /^'[^'\\]*'$/.test(value)) return "a string"
  if (/^(null|void 0|undefined|true|false|!0|!1)$/.test(value)) return "no object"
  if (value === "{}") return "an object without fetch"
  return /^\[[^[\]"'`]*\]$/.test(value) ? "an array" : undefined
}

const certainKind = (code: string): string | undefined => {
  const [, declared, value = "", exported] = LAST.exec(`\n${code.slice(-TAIL)}`) ?? []
  if (declared === undefined || declared !== exported) return undefined
  // Other code that refers to an empty object may have filled it.
  return value === "{}" && code.split(declared, 4).length > 3 ? undefined : kindOf(value)
}

/**
 * Refuses a program that certainly cannot serve: one without a default export, or whose default export is clearly a value
 * without `fetch`. The start check decides about all others, or the host if there is no start check.
 *
 * @param names the names that the entrypoint exports.
 * @param code the bundle.
 * @param source the entrypoint's source.
 * @returns the diagnostic, or `undefined`.
 */
export const checkDefaultExport = (
  entrypoint: string,
  names: ReadonlyArray<string>,
  code = "",
  source = ""
): Diagnostic | undefined => {
  const refuse = (text: string, hint: string, line = 1): Diagnostic => {
    const shown = lineAt(source, line)
    const base = { file: entrypoint, line, column: 1, text, hint }
    return shown === "" || shown.length > 200 ? base : { ...base, source: shown }
  }
  if (!names.includes("default"))
    return refuse(`${entrypoint} has no default export, so nothing answers requests`, `Add: ${suggestedEnd(names)}`)
  const kind = certainKind(code)
  if (kind === undefined) return undefined
  return refuse(
    `The default export of ${entrypoint} is ${kind}, which cannot answer requests`,
    'Write: export default { fetch(request) { return new Response("hello") } }',
    lineOfDefault(source)
  )
}

/** Finds the line that says which export is the default. Lines count from 1; the result is 1 if none is found. */
const lineOfDefault = (source: string): number => {
  const found = /\bexport[ \t]{1,20}default\b|\bas[ \t]{1,20}default\b/.exec(source)
  return found === null ? 1 : source.slice(0, found.index).split("\n").length
}

/**
 * Refuses a program without an export `run` or a default export, because there is no function to call.
 *
 * @param names the names that the entrypoint exports.
 * @returns the diagnostic, or `undefined`.
 */
export const checkRun = (entrypoint: string, names: ReadonlyArray<string>): Diagnostic | undefined =>
  names.includes("run") || names.includes("default")
    ? undefined
    : {
        file: entrypoint,
        line: 1,
        column: 1,
        text: `${entrypoint} exports neither run nor a default function`,
        hint: "Add: export function run(input) { return input }"
      }
