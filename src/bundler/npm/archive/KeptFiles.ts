import type { PackageRefused } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { Extent, PackageFiles } from "../types.ts"
import { extentFor, isImportable, isNativePart, isText, isUnlikely, isWasm } from "./importable.ts"
import type { TarReader } from "./Untar.ts"

/** Packages up to this size are kept with all files that can be imported: `main` of some is a minified file. */
const SMALL = 4 << 20

/** Decides which files of an archive are held. */
export class KeptFiles implements TarReader {
  readonly files: PackageFiles = new Map()
  readonly paths = new Set<string>()
  /** Bytes of the files. */
  size = 0
  readonly #tooLarge: (text: string) => PackageRefused
  readonly #wide: Extent
  #hasDropped = false

  /**
   * @param wide whether files that are unlikely to be imported are held in any case, and not only those of a small package; or
   *   only the texts, or the modules of WebAssembly.
   * @param tooLarge makes the refusal of the package.
   */
  constructor(wide: Extent, tooLarge: (text: string) => PackageRefused) {
    this.#wide = wide
    this.#tooLarge = tooLarge
  }

  /** Called with each file's path before its bytes come. */
  wants(path: string, size: number): boolean {
    const canImport = isImportable(path)
    if (!canImport && !isText(path) && !isWasm(path) && !isNativePart(path)) return false
    this.paths.add(path)
    if (this.paths.size > PACKAGE_LIMITS.files) throw this.#tooLarge(`has more than ${PACKAGE_LIMITS.files} modules`)
    if (this.#wide === "text" || this.#wide === "wasm") {
      if (extentFor(path) !== this.#wide) return false
      this.size += size
      return this.#isSmallEnough()
    }
    if (!canImport || (this.#hasDropped && isUnlikely(path))) return false
    this.size += size
    if (this.size > SMALL && !this.#wide && !this.#hasDropped) {
      this.#drop()
      if (isUnlikely(path)) {
        this.size -= size
        return false
      }
    }
    return this.#isSmallEnough()
  }

  #isSmallEnough(): true {
    if (this.size <= PACKAGE_LIMITS.packageBytes) return true
    throw this.#tooLarge(`has more than ${PACKAGE_LIMITS.packageBytes >> 20} MiB of modules`)
  }

  /** Called with a file that was wanted. */
  onFile(path: string, bytes: Uint8Array): void {
    this.files.set(path, bytes)
  }

  #drop(): void {
    this.#hasDropped = true
    for (const [path, bytes] of this.files) {
      if (!isUnlikely(path)) continue
      this.files.delete(path)
      this.size -= bytes.length
    }
  }
}
