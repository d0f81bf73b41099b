import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { checkSources } from "../limits.ts"
import { pathProblem } from "./paths.ts"

/**
 * The sources of one build by path: no leading "./", no empty segments. A `Map`, because agents do name files
 * `constructor` and `__proto__`, and an object would answer with its prototype.
 */
export type Files = ReadonlyMap<string, string>

/** A project that was found in order, and how many bytes of source it is. */
export interface Project {
  readonly files: Files
  readonly bytes: number
}

/**
 * Takes the files as they were sent.
 *
 * @throws {BundleError} when it is too much; for every path that is unusable, or that names the same file as another.
 */
export const readProject = (sent: Readonly<Record<string, string>>): Project => {
  const entries = Object.entries(sent)
  const bytes = checkSources(entries)
  const files = new Map<string, string>()
  const diagnostics: Array<Diagnostic> = []
  const refuse = (file: string, text: string) =>
    diagnostics.length < 50 && diagnostics.push({ file, line: 1, column: 1, text })
  for (const [name, source] of entries) {
    const problem = typeof source === "string" ? pathProblem(name) : "has no text"
    const path = name
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .join("/")
    if (problem !== undefined) refuse(name, `The path ${JSON.stringify(name.slice(0, 100))} ${problem}`)
    else if (files.has(path)) refuse(path, `The file ${JSON.stringify(path)} was sent twice`)
    else files.set(path, source)
  }
  if (diagnostics.length > 0) throw new BundleError(diagnostics)
  return { files, bytes }
}
