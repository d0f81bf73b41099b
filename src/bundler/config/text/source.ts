import { parse, TomlError } from "smol-toml"
import { BundleError, type Diagnostic } from "../../diagnostics.ts"
import { lineAt, parseJson, placeAt, withoutComments } from "../../project/jsonc.ts"
import { findJsonError } from "./json-error.ts"
import { locateJson, type Path } from "./locate-json.ts"
import { locateToml } from "./locate-toml.ts"

/** A place in a file, and its line. */
export type Quoted = Pick<Diagnostic, "file" | "line" | "column" | "source">

/** A configuration that was read. */
export interface ConfigSource {
  readonly file: string
  readonly value: unknown
  /** Where a key or a list's element is written. */
  readonly place: (path: Path) => Quoted
}

/** The configuration files that wrangler reads, in its order: the first that exists counts. */
export const CONFIG_FILES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"] as const

const quote = (file: string, text: string, offset: number): Quoted => {
  const place = placeAt(file, text, offset)
  const source = lineAt(text, place.line)
  return source === "" || source.length > 200 ? place : { ...place, source }
}

const readJson = (file: string, text: string): ConfigSource => {
  const plain = withoutComments(text.replace(/^\uFEFF/, " "))
  const read = parseJson(file, plain)
  if ("problem" in read) {
    const { text: problem, hint = "" } = read.problem
    throw new BundleError([{ ...quote(file, text, findJsonError(plain)), text: problem.slice(0, 500), hint }])
  }
  return { file, value: read.value, place: (path) => quote(file, text, locateJson(plain, path)) }
}

const readToml = (file: string, text: string): ConfigSource => {
  const plain = text.replace(/^\uFEFF/, " ")
  try {
    const value: unknown = parse(plain)
    return { file, value, place: (path) => quote(file, text, locateToml(plain, path)) }
  } catch (error) {
    const { line, column } = error instanceof TomlError ? error : { line: 1, column: 1 }
    const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error)
    const source = lineAt(text, line)
    const quotation = source === "" || source.length > 200 ? {} : { source }
    const problem = `${file} is not TOML: ${reason.replace("Invalid TOML document: ", "").slice(0, 500)}`
    throw new BundleError([{ file, line, column, ...quotation, text: problem, hint: "Correct it or leave it out." }])
  }
}

/**
 * Reads a configuration.
 *
 * @param hasPlaces whether to find places, each of which costs a pass over the text; without them every place is line 0.
 * @throws {BundleError} at the place of its first error.
 */
export const readSource = (file: string, text: string, hasPlaces: boolean): ConfigSource => {
  const source = file.endsWith(".toml") ? readToml(file, text) : readJson(file, text)
  return hasPlaces ? source : { ...source, place: () => ({ file, line: 0, column: 0 }) }
}
