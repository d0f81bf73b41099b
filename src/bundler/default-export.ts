import type { Diagnostic } from "./diagnostics.ts"
import { lineAt } from "./jsonc.ts"

/** What a program must end with, for a program that exports these names. */
const missing = (names: ReadonlyArray<string>): string => {
  const handlers = ["fetch", "scheduled", "queue"].filter((name) => names.includes(name))
  if (handlers.includes("fetch")) return `export default { ${handlers.join(", ")} }`
  const app = ["app", "server", "worker", "handler"].find((name) => names.includes(name))
  if (app !== undefined) return `export default ${app}`
  return 'export default { fetch(request) { return new Response("hello") } }'
}

/** What a default export is, as far as it can be seen without running it. */
const kindOf = (code: string, name: string, depth = 0): string | undefined => {
  const escaped = name.replace(/\$/g, "\\$")
  if (new RegExp(`^(?:async )?function\\*? ?${escaped}\\(`, "m").test(code)) return "a function"
  const found = new RegExp(`^(?:var|let|const) ${escaped} = `, "m").exec(code)
  if (found === null) return undefined
  const value = code.slice(found.index + found[0].length)
  if (/^(async )?(\([^()]*\)|[\w$]+) =>/.test(value) || /^(async )?function\b/.test(value)) return "a function"
  if (/^[-\d]/.test(value)) return "a number"
  if (/^["'`]/.test(value)) return /^(["'`])[^"'`\\]*\1;/.test(value) ? "a string" : undefined
  if (/^(null|void 0|undefined|true|false|!0|!1);/.test(value)) return "no object"
  if (value.startsWith("[")) return /^\[[^[\]]*\];/.test(value) ? "an array" : undefined
  if (value.startsWith("{")) {
    // The declaration ends before the next one begins; what is beyond it can only make this more lenient.
    const end = /\n(?:var|let|const|function|async|class|export|\/\/) /.exec(value)?.index ?? value.length
    return /fetch|\.\.\.|\[|__proto__|\\u/.test(value.slice(0, end)) ? undefined : "an object without fetch"
  }
  const alias = /^([\w$]+);/.exec(value)?.[1]
  return alias === undefined || depth > 4 ? undefined : kindOf(code, alias, depth + 1)
}

/**
 * Nothing is served without a default export that has a `fetch`; the platform would only say so when it starts, or when the
 * first request comes. What cannot be told without running it passes: a class, an instance, what a call returns.
 *
 * @param names what the entrypoint exports.
 * @param code the bundle.
 * @param source the entrypoint's source.
 * @returns the complaint, or `undefined`.
 */
export const checkDefaultExport = (
  entrypoint: string,
  names: ReadonlyArray<string>,
  code = "",
  source = ""
): Diagnostic | undefined => {
  const complaint = (text: string, hint: string, line = 1): Diagnostic => {
    const shown = lineAt(source, line)
    const base = { file: entrypoint, line, column: 1, text, hint }
    return shown === "" || shown.length > 200 ? base : { ...base, source: shown }
  }
  if (!names.includes("default"))
    return complaint(`${entrypoint} has no default export, so that nothing answers requests`, `Add: ${missing(names)}`)
  const name = /\bexport \{[^{}]*?([\w$]+) as default\b[^{}]*\};?\s*$/.exec(code.slice(-20_000))?.[1]
  const kind = name === undefined ? undefined : kindOf(code, name)
  if (kind === undefined) return undefined
  const index = source.split("\n").findIndex((line) => /\bexport\s+default\b|\bas\s+default\b/.test(line))
  return complaint(
    `The default export of ${entrypoint} is ${kind}, which cannot answer requests`,
    kind === "a function"
      ? "Wrap it: export default { fetch: handler }"
      : 'Write: export default { fetch(request) { return new Response("hello") } }',
    Math.max(0, index) + 1
  )
}

/**
 * Nothing can be called without an export `run`, or a default one that is a function.
 *
 * @param names what the entrypoint exports.
 * @returns the complaint, or `undefined`.
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
