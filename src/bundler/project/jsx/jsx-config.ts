import { entriesOf, own, parseJson, withoutComments } from "../jsonc.ts"
import { folderOf, joinPath } from "../paths.ts"
import type { Files } from "../project.ts"

/** Reads the compiler options about JSX of a config and of all that it extends, the nearest last. */
const jsxOptions = (files: Files, file: string, seen = new Set<string>()): Record<string, unknown> => {
  if (seen.has(file)) return {}
  seen.add(file)
  const read = parseJson(file, withoutComments(files.get(file) ?? ""))
  // The compiler reports the config's problem.
  if ("problem" in read) return {}
  const sent = own(read.value, "extends")
  const parents = (Array.isArray(sent) ? sent : [sent]).flatMap((parent) => {
    const path = typeof parent === "string" ? joinPath(folderOf(file), parent) : undefined
    if (path === undefined) return []
    const found = [path, `${path}.json`, `${path}/tsconfig.json`].find((it) => files.has(it))
    return found === undefined ? [] : [found]
  })
  const options = Object.fromEntries(
    entriesOf(own(read.value, "compilerOptions")).filter(([name]) => name.startsWith("jsx"))
  )
  return Object.assign({}, ...parents.map((parent) => jsxOptions(files, parent, seen)), options) as typeof options
}

/** Finds the config that the compiler uses for the files of a folder: the nearest one. */
const configOf = (files: Files, folder: string): string | undefined => {
  for (let parts = folder === "" ? [] : folder.split("/"); ; parts = parts.slice(0, -1)) {
    const found = ["tsconfig.json", "jsconfig.json"]
      .map((name) => [...parts, name].join("/"))
      .find((path) => files.has(path))
    if (found !== undefined || parts.length === 0) return found
  }
}

/** The settings of a config that decide about a file's JSX. */
export interface JsxConfig {
  /** The value of `jsx`. */
  readonly transform: unknown
  /** Whether it names a factory, and no source of the factory. */
  readonly factory: boolean
  /** Whether it names a source of the factory. */
  readonly source: boolean
}

/** Makes a function that reads the settings for the files of a folder. */
export const makeJsxConfig = (files: Files) => {
  const configs = new Map<string, JsxConfig>()
  return (folder: string): JsxConfig => {
    const known = configs.get(folder)
    if (known !== undefined) return known
    const config = configOf(files, folder)
    const options = config === undefined ? {} : jsxOptions(files, config)
    const factory = ["jsxFactory", "jsxFragmentFactory"].some((name) => typeof options[name] === "string")
    const source = options["jsxImportSource"] !== undefined
    const settings = { transform: options["jsx"], factory: factory && !source, source }
    configs.set(folder, settings)
    return settings
  }
}
