import { PackageRefused } from "../errors.ts"
import type { Archive, PackageFiles, Release } from "../types.ts"
import { type Dependency, isBinaryChooser, isNative, readDependency } from "./dependencies.ts"
import { readJson } from "./json.ts"
import { ModuleFinder } from "./ModuleFinder.ts"

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

/** The package.json files of a package's folders. */
const readFolders = (files: PackageFiles): ReadonlyMap<string, Readonly<Record<string, unknown>>> => {
  const folders = new Map<string, Readonly<Record<string, unknown>>>()
  for (const [path, bytes] of files) {
    if (!path.endsWith("/package.json")) continue
    folders.set(path.slice(0, -"/package.json".length), readJson(bytes) ?? {})
  }
  return folders
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
  /** Finds the modules that imports mean. */
  readonly modules: ModuleFinder

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
    this.modules = new ModuleFinder(json, this.paths, readFolders(archive.files))
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
    return this.modules.isEsm(path)
  }

  /** Its dependency on another package. */
  dependency(name: string): Dependency | undefined {
    return readDependency(this.json, name)
  }

  /**
   * Makes imports take its `main`, as `require` does, if the files of a program have both its `module` and its `main`.
   *
   * @returns whether that changes the program.
   */
  unify(files: ReadonlySet<string>): boolean {
    return this.modules.unify(files)
  }

  /** The packages that led to this one, the importing file of the project first. */
  chain(): ReadonlyArray<string> {
    const { from, site } = this.origin
    return [...(from === undefined ? [site.file] : from.chain()), this.label]
  }
}
