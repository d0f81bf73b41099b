import { extensionOf, folderOf } from "../paths.ts"
import type { Files } from "../project.ts"
import { makeJsxConfig } from "./jsx-config.ts"
import { makeImportSource } from "./import-source.ts"

/** TypeScript's names for the transform without a factory. */
const AUTOMATIC = new Set(["react-jsx", "react-jsxdev"])

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

/** The pragma that a file needs so that the compiler translates its JSX as the author means it; `undefined` for none. */
type PragmaOf = (path: string, source: string) => string | undefined

const makePragma = (files: Files): PragmaOf => {
  const configOf = makeJsxConfig(files)
  const importSource = makeImportSource(files)
  return (path, source) => {
    const { transform, factory, source: hasSource } = configOf(folderOf(path))
    if (transform === "react") return undefined
    const isAutomatic = typeof transform === "string" && AUTOMATIC.has(transform)
    if (!isAutomatic && hasFactoryPragma(source)) return "@jsxRuntime classic"
    if (source.includes("@jsxRuntime") || source.includes("@jsxImportSource")) return undefined
    if (!isAutomatic && factory) return "@jsxRuntime classic"
    const chosen = hasSource || !source.includes("<") ? undefined : importSource(path, isAutomatic)
    return chosen === undefined ? undefined : `@jsxImportSource ${chosen}`
  }
}

/**
 * Returns the project's files, with a pragma added to those whose JSX is not hono's: the compiler ignores a JSX factory that a
 * comment or a config names, and knows nothing of React and Preact.
 */
export const withJsxPragmas = (files: Files): Files => {
  const pragmaOf = makePragma(files)
  const changed = [...files].flatMap(([path, source]): ReadonlyArray<readonly [string, string]> => {
    if (!/^([jt]sx|[cm]?js)$/.test(extensionOf(path)) || path.includes("node_modules/")) return []
    const pragma = pragmaOf(path, source)
    return pragma === undefined ? [] : [[path, `${source}\n/** ${pragma} */`]]
  })
  return changed.length === 0 ? files : new Map([...files, ...changed])
}
