import type { Way } from "./exports.ts"
import { isObject, normalPath } from "./json.ts"
import { nearest } from "./nearest.ts"
import { readSideEffects } from "./side-effects.ts"

/** A file of the package, nothing at all, or another specifier; `undefined` if it is not there. */
export type Found =
  | { readonly type: "file"; readonly path: string; readonly sideEffects: boolean }
  | { readonly type: "empty" }
  | { readonly type: "bare"; readonly specifier: string }
  | undefined

type Json = Readonly<Record<string, unknown>>

/** The extensions that an import may leave out, in the order in which they are tried. */
const EXTENSIONS = [".js", ".cjs", ".mjs", ".json", ".jsx"]

/** How often the main module of a folder may be a folder: two may name each other. */
const MAX_DEPTH = 4

/** The fields that name a package's main module. */
const MAIN_FIELDS = { import: ["browser", "module", "main"], require: ["browser", "main", "module"] } as const

type Browser = ReadonlyMap<string, string | false>

/**
 * Packages that fail with their `browser` field where Node's modules are there: iconv-lite calls what the field leaves out. The
 * body parsers of express 4 need it.
 */
const WITHOUT_BROWSER: ReadonlySet<unknown> = new Set(["iconv-lite"])

/** The replacements in the `browser` field of a folder's package.json, by path or name; `undefined` without such a field. */
const readBrowser = ({ browser, name }: Json, folder: string): Browser | undefined => {
  if (!isObject(browser) || WITHOUT_BROWSER.has(name)) return undefined
  const entries = Object.entries(browser).flatMap(([key, value]): ReadonlyArray<[string, string | false]> => {
    if (typeof value !== "string" && value !== false) return []
    const path = key.startsWith(".") ? normalPath(`${folder}/${key}`) : key
    return path === undefined ? [] : [[path, value]]
  })
  return new Map(entries)
}

/** The entries that a function finds in the package.json files of folders. */
const byFolder = <A>(
  manifests: ReadonlyMap<string, Json>,
  read: (json: Json, folder: string) => A | undefined
): ReadonlyMap<string, A> =>
  new Map(
    [...manifests].flatMap(([folder, json]): ReadonlyArray<[string, A]> => {
      const found = read(json, folder)
      return found === undefined ? [] : [[folder, found]]
    })
  )

/**
 * Finds a package's files, as Node's `require` does, with the replacements of its `browser` field. `browser` and `sideEffects` of a
 * folder's package.json decide about the files in the folder.
 */
export class FileFinder {
  readonly #paths: ReadonlySet<string>
  /** The package.json files of folders within the package. */
  readonly #folders: ReadonlyMap<string, Json>
  readonly #browser: ReadonlyMap<string, Browser>
  readonly #sideEffects: ReadonlyMap<string, (path: string) => boolean>

  constructor(json: Json, paths: ReadonlySet<string>, folders: ReadonlyMap<string, Json>) {
    this.#paths = paths
    this.#folders = folders
    const manifests = new Map([...folders, ["", json] as const])
    this.#browser = byFolder(manifests, readBrowser)
    this.#sideEffects = byFolder(manifests, ({ sideEffects }) =>
      sideEffects === undefined ? undefined : readSideEffects(sideEffects)
    )
  }

  /** Whether a file has effects besides its exports. */
  hasSideEffects(path: string): boolean {
    const [folder = "", has] = nearest(this.#sideEffects, path) ?? []
    return has?.(folder === "" ? path : path.slice(folder.length + 1)) ?? true
  }

  /** A file that is certainly there. */
  found(path: string): Found {
    return { type: "file", path, sideEffects: this.hasSideEffects(path) }
  }

  /** The main module of a folder, by its package.json. */
  main(folder: string, json: Json, way: Way, depth = 0): Found {
    for (const field of MAIN_FIELDS[way]) {
      const value = json[field]
      if (typeof value !== "string" || value === "") continue
      const found = this.find(`${folder}/${value}`, false, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The replacement that `browser` has for a bare specifier in a file; `undefined` if it has nothing. */
  mapped(specifier: string, importer: string): Found {
    const [folder = "", browser] = nearest(this.#browser, importer) ?? []
    const target = browser?.get(specifier)
    if (target === undefined) return undefined
    if (target === false) return { type: "empty" }
    return target.startsWith(".") ? this.find(`${folder}/${target}`) : { type: "bare", specifier: target }
  }

  /**
   * The file of a path: itself, with an extension, a folder's main module or index.
   *
   * @param folderOnly for `"."` and `"./lib/"`.
   */
  find(path: string, folderOnly = false, depth = 0): Found {
    const base = normalPath(path)
    if (base === undefined) return undefined
    const asFile = folderOnly || base === "" ? undefined : this.#firstOf(["", ...EXTENSIONS].map((it) => base + it))
    if (asFile !== undefined) return asFile
    const json = this.#folders.get(base)
    const main = json === undefined || depth > MAX_DEPTH ? undefined : this.main(base, json, "import", depth)
    return main ?? this.#firstOf(EXTENSIONS.map((it) => (base === "" ? `index${it}` : `${base}/index${it}`)))
  }

  #firstOf(candidates: ReadonlyArray<string>): Found {
    for (const candidate of candidates) {
      const found = this.#exactly(candidate)
      if (found !== undefined) return found
    }
    return undefined
  }

  #exactly(path: string): Found {
    if (!this.#paths.has(path)) return undefined
    const [folder = "", browser] = nearest(this.#browser, path) ?? []
    const target = browser?.get(path) ?? browser?.get(path.replace(/\.js$/, ""))
    if (target === false) return { type: "empty" }
    if (target === undefined) return this.found(path)
    if (!target.startsWith(".")) return { type: "bare", specifier: target }
    const to = normalPath(`${folder}/${target}`)
    const file = ["", ...EXTENSIONS].map((extension) => `${to}${extension}`).find((it) => this.#paths.has(it))
    return this.found(file ?? path)
  }
}
