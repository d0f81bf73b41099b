import { resolveExports, resolveImports, type Way } from "./exports.ts"
import { FileFinder, type Found } from "./FileFinder.ts"
import { normalPath } from "./json.ts"
import { nearest } from "./nearest.ts"

type Json = Readonly<Record<string, unknown>>

/**
 * Finds the modules that imports of a package mean, and imports in its files. Its package.json and those of its folders decide;
 * they stay when files are let go of.
 */
export class ModuleFinder {
  readonly #json: Json
  readonly #paths: ReadonlySet<string>
  readonly #folders: ReadonlyMap<string, Json>
  readonly #finder: FileFinder
  /** Whether imports take its `main` as well. */
  #isUnified = false

  /** @param folders the package.json files of folders within the package. */
  constructor(json: Json, paths: ReadonlySet<string>, folders: ReadonlyMap<string, Json>) {
    this.#json = json
    this.#paths = paths
    this.#folders = folders
    this.#finder = new FileFinder(json, paths, folders)
  }

  /** Whether Node takes a `.js` file for an ES module: the nearest package.json says so. */
  isEsm(path: string): boolean {
    return (nearest(this.#folders, path)?.[1] ?? this.#json)["type"] === "module"
  }

  /** Whether a file has effects besides its exports. */
  hasSideEffects(path: string): boolean {
    return this.#finder.hasSideEffects(path)
  }

  /**
   * The module that an import of the package means.
   *
   * @param subpath "" for the package itself.
   */
  entry(subpath: string, way: Way): Found {
    const { exports } = this.#json
    if (exports === undefined || exports === null)
      return subpath === "" ? (this.#main(way) ?? this.#finder.find("index")) : this.#finder.find(subpath)
    const target = resolveExports(exports, subpath === "" ? "." : `./${subpath}`, way)
    if (typeof target !== "string" || !target.startsWith("./")) return undefined
    const path = normalPath(target)
    // The browser field is for packages without `exports`, and for relative imports.
    return path !== undefined && this.#paths.has(path) ? this.#finder.found(path) : this.#finder.find(target)
  }

  #main(way: Way): Found {
    return this.#finder.main("", this.#json, this.#isUnified ? "require" : way)
  }

  /**
   * Makes imports take its `main`, as `require` does, if both its `module` and its `main` are among the files of a program,
   * because otherwise the program has everything of the package twice. The compiler does so where it finds packages itself.
   *
   * @returns whether that changes the program.
   */
  unify(files: ReadonlySet<string>): boolean {
    const { exports } = this.#json
    if (this.#isUnified || (exports !== undefined && exports !== null)) return false
    const [imported, required] = [this.#main("import"), this.#main("require")]
    if (imported?.type !== "file" || required?.type !== "file" || imported.path === required.path) return false
    this.#isUnified = files.has(imported.path) && files.has(required.path)
    return this.#isUnified
  }

  /** The meaning of a bare specifier in a file of this package: itself, unless `imports` of the nearest package.json or `browser` map it. */
  alias(specifier: string, way: Way, importer: string): Found {
    if (specifier.startsWith("#")) {
      const [folder, json] = nearest(this.#folders, importer) ?? ["", this.#json]
      const target = resolveImports(json["imports"], specifier, way)
      if (typeof target !== "string") return undefined
      return target.startsWith("./") ? this.#finder.find(`${folder}/${target}`) : { type: "bare", specifier: target }
    }
    return this.#finder.mapped(specifier, importer) ?? { type: "bare", specifier }
  }

  /** The file that a relative import means. */
  relative(importer: string, specifier: string): Found {
    const path = normalPath(importer.slice(0, importer.lastIndexOf("/") + 1) + specifier)
    return path === undefined ? undefined : this.#finder.find(path, /(^|\/)\.{0,2}$/.test(specifier))
  }
}
