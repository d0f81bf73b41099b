import { BundleError, type Diagnostic } from "./diagnostics.ts"
import { entriesOf, own, parseJson, withoutComments } from "./jsonc.ts"
import { findFile } from "./lookup.ts"
import { folderOf, joinPath } from "./paths.ts"
import { matchPattern } from "./patterns.ts"
import type { Files } from "./project.ts"

/** The project's `tsconfig.json`, as far as bundling looks at it. */
export interface TsConfig {
  /** The compiler options that change what code does, for esbuild. */
  readonly options: Readonly<Record<string, unknown>>
  /** The files that an import may mean by `paths` or `baseUrl`, the first that exists; `undefined` when none does. */
  readonly find: (specifier: string) => string | undefined
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** What esbuild understands of it. Strictness and the like change no code. */
const OPTIONS = [
  "alwaysStrict",
  "experimentalDecorators",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "preserveValueImports",
  "importsNotUsedAsValues",
  "verbatimModuleSyntax",
  "useDefineForClassFields"
]

/** One file and all that it extends, the nearest last. */
type Chain = ReadonlyArray<{ readonly file: string; readonly options: unknown }>

/** Reads `tsconfig.json` with what it extends; a project need not have one. */
export const readTsConfig = (files: Files): TsConfig => {
  const warnings: Array<Diagnostic> = []
  const chain = files.has("tsconfig.json") ? readChain(files, "tsconfig.json", warnings, new Set()) : []
  const options: Record<string, unknown> = {}
  let base: string | undefined
  let paths: ReadonlyArray<readonly [pattern: string, targets: ReadonlyArray<string>]> = []
  let folder = ""
  for (const { file, options: own_ } of chain) {
    for (const [name, value] of entriesOf(own_)) if (OPTIONS.includes(name)) options[name] = value
    const baseUrl = own(own_, "baseUrl")
    if (typeof baseUrl === "string") base = joinPath(folderOf(file), baseUrl)
    const mapped = own(own_, "paths")
    if (mapped === undefined) continue
    folder = folderOf(file)
    paths = entriesOf(mapped).map(([pattern, targets]) => [
      pattern,
      Array.isArray(targets) ? targets.filter((it) => typeof it === "string") : []
    ])
  }
  const find = (specifier: string): string | undefined => {
    const match = matchPattern(paths, specifier)
    for (const target of match?.value ?? []) {
      const path = joinPath(
        base ?? folder,
        target.replaceAll("*", () => match?.star ?? "")
      )
      const file = path === undefined ? undefined : findFile(files, path)
      if (file !== undefined) return file
    }
    const path = base === undefined ? undefined : joinPath(base, specifier)
    return path === undefined || path === "" ? undefined : findFile(files, path)
  }
  return { options, find, warnings }
}

const readChain = (files: Files, file: string, warnings: Array<Diagnostic>, seen: Set<string>): Chain => {
  // Whatever extends itself adds nothing the second time.
  if (seen.has(file)) return []
  seen.add(file)
  const json = parseJson(file, withoutComments((files.get(file) ?? "").replace(/^\uFEFF/, "")))
  if ("problem" in json) {
    // TypeScript takes an empty one for {}.
    if ((files.get(file) ?? "").trim() === "") return []
    throw new BundleError([json.problem])
  }
  const sent = own(json.value, "extends")
  const parents = (Array.isArray(sent) ? sent : [sent]).filter((it) => typeof it === "string")
  const chain = parents.flatMap((parent): Chain => {
    const found = findParent(files, file, parent)
    if (found !== undefined) return readChain(files, found, warnings, seen)
    warnings.push({
      file,
      line: 1,
      column: 1,
      text: `"extends" leads to no file that was sent: ${JSON.stringify(parent)}`,
      hint: "Its settings are not applied; send the file, or write its settings here."
    })
    return []
  })
  return [...chain, { file, options: own(json.value, "compilerOptions") }]
}

const findParent = (files: Files, file: string, parent: string): string | undefined => {
  if (!/^\.{1,2}(\/|$)/.test(parent)) return undefined
  const path = joinPath(folderOf(file), parent)
  return [path, `${path}.json`, `${path}/tsconfig.json`].find((it) => it !== undefined && files.has(it))
}
