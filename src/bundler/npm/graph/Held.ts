import { PackageRefused } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { Package } from "../package/Package.ts"

/** The files of packages that are held in memory. */
export class Held {
  readonly #packages: ReadonlyMap<string, Package>

  readonly #keep: (bytes: number) => void

  /** @param keep receives how many bytes are held. */
  constructor(packages: ReadonlyMap<string, Package>, keep: (bytes: number) => void) {
    this.#packages = packages
    this.#keep = keep
  }

  /** Lets go of the files that nothing imports. */
  releaseUnreached(): void {
    for (const { files, reached } of this.#packages.values())
      for (const path of files.keys()) if (!reached.has(path)) files.delete(path)
    this.#bytes()
  }

  /**
   * Lets go of the files that nothing imports, if many bytes are held.
   *
   * @throws {PackageRefused} if too many are left.
   */
  trim(): void {
    if (this.#bytes() <= PACKAGE_LIMITS.softHeldBytes) return
    this.releaseUnreached()
    if (this.#bytes() <= PACKAGE_LIMITS.heldBytes) return
    throw new PackageRefused({
      code: "too-large",
      text: `The modules that are imported have more than ${PACKAGE_LIMITS.heldBytes / 1024 / 1024} MiB`,
      hint: "Import fewer packages, or only the parts that are used."
    })
  }

  #bytes(): number {
    let sum = 0
    for (const { files } of this.#packages.values()) for (const { length } of files.values()) sum += length
    this.#keep(sum)
    return sum
  }
}
