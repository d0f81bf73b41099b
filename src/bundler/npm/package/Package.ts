import { PackageRefused } from "../errors.ts"
import type { Archive, PackageFiles, Release } from "../types.ts"
import { type Dependency, isBinaryChooser, isNative, readDependency } from "./dependencies.ts"
import { resolveExports, resolveImports, type Way } from "./exports.ts"
import { FileFinder, type Found } from "./FileFinder.ts"
import { normalPath, readJson } from "./json.ts"
import { nearest } from "./nearest.ts"

/** An import in a file of the project. */
export interface Site {
  readonly file: string
  readonly specifier: string
}

/** How a package came into the build. */
export interface Origin {
  /** The import of the project that led there. */
  readonly site: Site
  /** The package that imports it; `undefined` for the project. */
  readonly from: Package | undefined
}

/** One version of a package: its package.json, and its files as far as they are held. */
export class Package {
  readonly release: Release
  /** `zod@4.6.7`. */
  readonly label: string
  /** Unique in a build: npm's lock may have the same version at two places, and Node would load both. */
  readonly id: string
  /** Its place in npm's lock; "" without. */
  readonly location: string
  readonly origin: Origin
  readonly json: Readonly<Record<string, unknown>>
  readonly paths: ReadonlySet<string>
  /** Whether it is a program for one machine. */
  readonly native: boolean
  /** The files that are held. */
  files: PackageFiles
  /** Whether `files` had the unlikely ones too. */
  wide: boolean
  /** Files that the compiler gets. */
  readonly reached = new Set<string>()
  /** Files that are reached and not held. */
  readonly lost = new Set<string>()
  /** Whether a file requires an add-on within `try`, by file and specifier: it is asked again after the file was let go of. */
  readonly guarded = new Map<string, boolean>()
  /** The package.json files of its folders, which decide how files are found; they stay when files are let go of. */
  readonly #finder: FileFinder
  readonly #folders: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** Whether imports take its `main` as well. */
  #isUnified = false

  /** @throws {PackageRefused} if its package.json is not JSON. */
  constructor(release: Release, archive: Archive, id: string, location: string, origin: Origin) {
    this.release = release
    this.label = `${release.name}@${release.version}`
    this.id = id
    this.location = location
    this.origin = origin
    this.files = archive.files
    this.wide = archive.wide
    this.paths = archive.paths
    const json = archive.files.has("package.json") ? readJson(archive.files.get("package.json")) : {}
    if (json === undefined)
      throw new PackageRefused({
        code: "damaged",
        text: `${this.label} is damaged: its package.json is not JSON`,
        hint: "Ask for another version.",
        package: release.name,
        version: release.version
      })
    this.json = json
    const folders = new Map<string, Readonly<Record<string, unknown>>>()
    for (const [path, bytes] of archive.files) {
      if (!path.endsWith("/package.json")) continue
      folders.set(path.slice(0, -"/package.json".length), readJson(bytes) ?? {})
    }
    this.#folders = folders
    this.#finder = new FileFinder(json, this.paths, folders)
    this.native = isNative(json, this.paths)
  }

  /** Whether binaries for several machines make it up. */
  get isBinary(): boolean {
    return isBinaryChooser(this.json)
  }

  /** Whether browsers get something else. */
  get hasBrowser(): boolean {
    return Object.hasOwn(this.json, "browser")
  }

  /** Whether Node takes a `.js` file for an ES module: the nearest package.json says so. */
  isEsm(path: string): boolean {
    return (nearest(this.#folders, path)?.[1] ?? this.json)["type"] === "module"
  }

  /** Whether a file has effects besides its exports. */
  hasSideEffects(path: string): boolean {
    return this.#finder.hasSideEffects(path)
  }

  /** Its dependency on another package. */
  dependency(name: string): Dependency | undefined {
    return readDependency(this.json, name)
  }

  /**
   * The module that an import of the package means.
   *
   * @param subpath "" for the package itself.
   */
  entry(subpath: string, way: Way): Found {
    const { exports } = this.json
    if (exports === undefined || exports === null)
      return subpath === "" ? (this.#main(way) ?? this.#finder.find("index")) : this.#finder.find(subpath)
    const target = resolveExports(exports, subpath === "" ? "." : `./${subpath}`, way)
    if (typeof target !== "string" || !target.startsWith("./")) return undefined
    const path = normalPath(target)
    // The browser field is for packages without `exports`, and for relative imports.
    return path !== undefined && this.paths.has(path) ? this.#finder.found(path) : this.#finder.find(target)
  }

  #main(way: Way): Found {
    return this.#finder.main("", this.json, this.#isUnified ? "require" : way)
  }

  /**
   * Makes imports take its `main`, as `require` does, if both its `module` and its `main` are among the files of a program,
   * because otherwise the program has everything of the package twice. The compiler does so where it finds packages itself.
   *
   * @returns whether that changes the program.
   */
  unify(files: ReadonlySet<string>): boolean {
    const { exports } = this.json
    if (this.#isUnified || (exports !== undefined && exports !== null)) return false
    const [imported, required] = [this.#main("import"), this.#main("require")]
    if (imported?.type !== "file" || required?.type !== "file" || imported.path === required.path) return false
    this.#isUnified = files.has(imported.path) && files.has(required.path)
    return this.#isUnified
  }

  /** The meaning of a bare specifier in a file of this package: itself, unless `imports` of the nearest package.json or `browser` map it. */
  alias(specifier: string, way: Way, importer: string): Found {
    if (specifier.startsWith("#")) {
      const [folder, json] = nearest(this.#folders, importer) ?? ["", this.json]
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

  /** The packages that led to this one, the importing file of the project first. */
  chain(): ReadonlyArray<string> {
    const { from, site } = this.origin
    return [...(from === undefined ? [site.file] : from.chain()), this.label]
  }
}
