import { extensionOf, nameOf } from "./paths.ts"
import type { Files } from "./project.ts"

/** The extensions of modules that run, in the order in which an import without extension tries them. */
export const SCRIPT_EXTENSIONS: ReadonlyArray<string> = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"]

/** TypeScript writes an import of `a.ts` as `./a.js`. */
const SOURCES_OF: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ["js", ["ts", "tsx"]],
  ["jsx", ["tsx", "ts"]],
  ["mjs", ["mts"]],
  ["cjs", ["cts"]]
])

/** Whether the file only declares types (`a.d.ts`, `a.d.css.ts`): such a file never runs. */
export const isDeclaration = (path: string): boolean => /\.d(\.[^./]+)?\.[cm]?ts$/i.test(nameOf(path))

/** Whether the file is a program: a script that is not a declaration. */
export const isScript = (path: string): boolean => SCRIPT_EXTENSIONS.includes(extensionOf(path)) && !isDeclaration(path)

const withExtension = (files: Files, base: string): string | undefined => {
  const extension = [...SCRIPT_EXTENSIONS, "json"].find((extension) => files.has(`${base}.${extension}`))
  return extension === undefined ? undefined : `${base}.${extension}`
}

const asFile = (files: Files, path: string): string | undefined => {
  if (files.has(path)) return path
  const extension = extensionOf(path)
  const base = path.slice(0, -extension.length)
  const source = SOURCES_OF.get(extension)?.find((source) => files.has(base + source))
  return source === undefined ? withExtension(files, path) : base + source
}

/**
 * Finds the file that an import of `path` means: the file itself, its TypeScript source, the path with an extension, or the
 * index of the folder; in that order. `folderOnly` is for imports such as `"."` and `"./routes/"`.
 */
export const findFile = (files: Files, path: string, folderOnly = false): string | undefined => {
  const file = folderOnly || path === "" ? undefined : asFile(files, path)
  return file ?? withExtension(files, path === "" ? "index" : `${path}/index`)
}
