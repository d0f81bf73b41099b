import { extentFor } from "../archive/importable.ts"
import { RegistryUnavailableError } from "../errors.ts"
import { Package } from "../package/Package.ts"
import type { Archives, PackageFiles, Release } from "../types.ts"
import type { Chosen } from "./versions/ChosenVersions.ts"

/** Small packages are held whole, because the main module of some is an unlikely file (`dayjs.min.js`). */
const SMALL = 4 * 1024 * 1024

const isSmall = ({ unpackedSize }: Release): boolean => unpackedSize > 0 && unpackedSize < SMALL

/** Loads packages from their archives, and decides how many of an archive's files are held. */
export class PackageLoader {
  readonly #archives: Archives

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** Begins to fetch the archive of a version that is probably chosen. */
  expect(release: Release): void {
    this.#archives.expect(release, isSmall(release))
  }

  /**
   * Loads a package.
   *
   * @throws {PackageRefused} if its archive cannot be accepted.
   * @throws {RegistryUnavailableError} if it does not arrive.
   */
  async load({ id, release, location, origin }: Chosen): Promise<Package> {
    const archive = await this.#archives.files(release, isSmall(release))
    return new Package(release, archive, id, location, origin)
  }

  /**
   * Loads files of a package again that were let go of, or were not held at all.
   *
   * @throws {RegistryUnavailableError} if the archive does not arrive, or lacks one of them now.
   */
  async reload(pkg: Package, paths: ReadonlyArray<string>): Promise<void> {
    // Modules replace the files of the package, the other kinds stay beside them.
    const others = new Map([...pkg.files].filter(([path]) => extentFor(path) !== "modules"))
    await this.#addOthers(pkg, paths, others)
    const modules = paths.filter((path) => extentFor(path) === "modules")
    if (modules.length > 0) await this.#replaceModules(pkg, modules)
    for (const [path, bytes] of others) pkg.files.set(path, bytes)
    const missing = paths.find((path) => !pkg.files.has(path))
    if (missing !== undefined) throw new RegistryUnavailableError(`The archive of ${pkg.label} lacks ${missing} now`)
  }

  /** Adds the texts and the modules of WebAssembly among the paths. */
  async #addOthers({ release }: Package, paths: ReadonlyArray<string>, others: PackageFiles): Promise<void> {
    for (const extent of ["text", "wasm"] as const) {
      if (!paths.some((path) => extentFor(path) === extent)) continue
      const { files } = await this.#archives.files(release, extent)
      for (const path of paths) {
        const bytes = files.get(path)
        if (bytes !== undefined) others.set(path, bytes)
      }
    }
  }

  /** Takes the unlikely files, too, if one of the modules is among them. */
  async #replaceModules(pkg: Package, modules: ReadonlyArray<string>): Promise<void> {
    let archive = await this.#archives.files(pkg.release, pkg.wide)
    if (modules.some((path) => !archive.files.has(path))) archive = await this.#archives.files(pkg.release, true)
    pkg.files = archive.files
    pkg.wide = archive.wide
  }
}
