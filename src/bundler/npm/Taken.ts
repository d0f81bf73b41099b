import type { PackageRefused } from "./errors.ts"
import type { Package } from "./package/Package.ts"
import { checkModules, type Sizes } from "./report/sizes.ts"

/** The bytes that the compiler took of the packages since the last install. */
export class Taken {
  readonly #sizes = new Map<Package, number>()
  #refusal: PackageRefused | undefined

  /** The bytes of each package. */
  get sizes(): Sizes {
    return this.#sizes
  }

  /** The refusal of too many bytes, once there were. */
  get refusal(): PackageRefused | undefined {
    return this.#refusal
  }

  /** Counts bytes of a package. Returns a refusal if they are too many. */
  add(pkg: Package, bytes: number): PackageRefused | undefined {
    this.#sizes.set(pkg, (this.#sizes.get(pkg) ?? 0) + bytes)
    this.#refusal ??= checkModules(this.#sizes)
    return this.#refusal
  }

  /** The compiler begins anew. */
  clear(): void {
    this.#sizes.clear()
    this.#refusal = undefined
  }
}
