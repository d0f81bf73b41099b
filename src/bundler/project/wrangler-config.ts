import { BundleError } from "../diagnostics.ts"
import { own, parseJson, type Place, placeAt, withoutComments } from "./jsonc.ts"
import type { Files } from "./project.ts"

/** The fields of a project's wrangler configuration that the build uses. */
export interface WranglerConfig {
  /** `main`: the entrypoint's path, relative to the root, and its place in the file. */
  readonly main?: { readonly path: string; readonly place: Place }
  /** `compatibility_flags`, if there are any. */
  readonly compatibilityFlags?: ReadonlyArray<string>
}

/** In wrangler's own order. */
const JSON_FILES = ["wrangler.json", "wrangler.jsonc"]
const TOML_FILE = "wrangler.toml"

const strings = (value: unknown): ReadonlyArray<string> | undefined =>
  Array.isArray(value) ? value.filter((it) => typeof it === "string") : undefined

const makeConfig = (
  main: unknown,
  place: () => Place,
  compatibilityFlags: ReadonlyArray<string> | undefined
): WranglerConfig => ({
  ...(typeof main === "string" && main !== "" ? { main: { path: main, place: place() } } : {}),
  ...(compatibilityFlags === undefined ? {} : { compatibilityFlags })
})

const readJson = (file: string, source: string): WranglerConfig => {
  const read = parseJson(file, withoutComments(source))
  if ("problem" in read) throw new BundleError([read.problem])
  const place = () => placeAt(file, source, Math.max(0, source.search(/"main"\s{0,100}:/)))
  return makeConfig(own(read.value, "main"), place, strings(own(read.value, "compatibility_flags")))
}

/** Returns the strings of a TOML array, which ends within the text. */
const tomlStrings = (text: string): ReadonlyArray<string> =>
  [...text.slice(0, Math.max(0, text.indexOf("]"))).matchAll(/"([^"\n]{1,100})"|'([^'\n]{1,100})'/g)].map(
    ([, basic, literal]) => basic ?? literal ?? ""
  )

/** Reads the two keys of the top level, which ends where the first table begins. */
const readToml = (source: string): WranglerConfig => {
  const lines = source.split("\n")
  const end = lines.findIndex((line) => line.trimStart().startsWith("["))
  const top = end < 0 ? lines : lines.slice(0, end)
  const mainLine = top.findIndex((line) => /^\s*["']?main["']?\s*=/.test(line))
  const written = /=\s*(?:"([^"]*)"|'([^']*)')/.exec((top[mainLine] ?? "").slice(0, 1000))
  const flagsLine = top.findIndex((line) => /^\s*["']?compatibility_flags["']?\s*=/.test(line))
  const flags = flagsLine < 0 ? undefined : tomlStrings(lines.slice(flagsLine).join("\n").slice(0, 5000))
  return makeConfig(written?.[1] ?? written?.[2], () => ({ file: TOML_FILE, line: mainLine + 1, column: 1 }), flags)
}

/**
 * Reads `wrangler.json`, `wrangler.jsonc` or `wrangler.toml` at the root; a project need not have one.
 *
 * @throws {BundleError} when it is not JSON.
 */
export const readWranglerConfig = (files: Files): WranglerConfig => {
  for (const file of JSON_FILES) {
    const source = files.get(file)
    if (source !== undefined) return readJson(file, source)
  }
  const toml = files.get(TOML_FILE)
  return toml === undefined ? {} : readToml(toml)
}
