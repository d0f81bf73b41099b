import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { type FileContent, fromBase64, textOf } from "../files/base64.ts"
import { checkSources } from "../limits.ts"
import { normalizePath, pathProblem } from "./paths.ts"

/**
 * The sources of one build by path, without a leading "./" and empty segments. It is a `Map` because some clients name files
 * `constructor` and `__proto__`, and a lookup in an object would find its prototype.
 */
export type Files = ReadonlyMap<string, string>

/** A valid project, and its bytes of source. */
export interface Project {
  readonly files: Files
  readonly bytes: number
}

/**
 * Checks the files that the author sent.
 *
 * @throws {BundleError} if they exceed a limit, or for each path that is invalid or names the same file as another.
 */
export const readProject = (sent: Readonly<Record<string, FileContent>>): Project => {
  const entries = Object.entries(sent).map(
    ([name, content]) => [name, typeof content === "object" ? textIn(content.base64) : content] as const
  )
  const bytes = checkSources(entries)
  const files = new Map<string, string>()
  const diagnostics: Array<Diagnostic> = []
  const refuse = (file: string, text: string) =>
    diagnostics.length < 50 && diagnostics.push({ file, line: 1, column: 1, text })
  for (const [name, source] of entries) {
    const problem = typeof source === "string" ? pathProblem(name) : "has no text"
    const path = normalizePath(name)
    if (problem !== undefined) refuse(name, `The path ${JSON.stringify(name.slice(0, 100))} ${problem}`)
    else if (files.has(path)) refuse(path, `The file ${JSON.stringify(path)} was sent twice`)
    else files.set(path, source)
  }
  if (diagnostics.length > 0) throw new BundleError(diagnostics)
  return { files, bytes }
}

/** The text of a file that was sent as bytes; a file without text is imported by nothing. */
const textIn = (base64: string): string => textOf(fromBase64(base64)) ?? ""
