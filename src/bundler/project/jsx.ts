import { entriesOf, own, parseJson, withoutComments } from "./jsonc.ts"
import { extensionOf, folderOf, joinPath } from "./paths.ts"
import type { Files } from "./project.ts"

/** TypeScript's names for the transform without a factory. */
const AUTOMATIC = new Set(["react-jsx", "react-jsxdev"])

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

/** A file is searched this many times for a pragma, which stands in the first comments. */
const MAX_SEARCHES = 5

/** Whether a comment of the file names its factory (`@jsx h`) and none names its transform. */
const hasFactoryPragma = (source: string): boolean => {
  if (source.includes("@jsxRuntime") || source.includes("@jsxImportSource")) return false
  let at = source.indexOf("@jsx")
  for (let search = 0; at >= 0 && search < MAX_SEARCHES; search++, at = source.indexOf("@jsx", at + 1)) {
    const before = source.slice(Math.max(0, at - 200), at)
    const line = before.slice(before.lastIndexOf("\n") + 1)
    const inComment = line.includes("/*") || line.includes("//") || line.trimStart().startsWith("*")
    if (inComment && /^@jsx(Frag)?[ \t]+[\w$.]/.test(source.slice(at, at + 20))) return true
  }
  return false
}

/**
 * Returns the project's files, with a pragma added to those whose comment or nearest config names a JSX factory. Without the
 * pragma the compiler uses hono's JSX, which has no factory, and ignores the named one.
 */
export const withClassicJsx = (files: Files): Files => {
  const scripts = [...files].filter(
    ([path]) => /^([jt]sx|[cm]?js)$/.test(extensionOf(path)) && !path.includes("node_modules/")
  )
  const configs = new Map<string, { readonly transform: unknown; readonly factory: boolean }>()
  const settingsOf = (path: string) => {
    const folder = folderOf(path)
    const known = configs.get(folder)
    if (known !== undefined) return known
    const config = configOf(files, folder)
    const options = config === undefined ? {} : jsxOptions(files, config)
    const factory = ["jsxFactory", "jsxFragmentFactory"].some((name) => typeof options[name] === "string")
    const settings = { transform: options["jsx"], factory: factory && options["jsxImportSource"] === undefined }
    configs.set(folder, settings)
    return settings
  }
  const classic = scripts.filter(([path, source]) => {
    const { transform, factory } = settingsOf(path)
    if (typeof transform === "string" && (AUTOMATIC.has(transform) || transform === "react")) return false
    return (
      hasFactoryPragma(source) || (factory && !source.includes("@jsxRuntime") && !source.includes("@jsxImportSource"))
    )
  })
  if (classic.length === 0) return files
  return new Map([
    ...files,
    ...classic.map(([path, source]) => [path, `${source}\n/** @jsxRuntime classic */`] as const)
  ])
}
