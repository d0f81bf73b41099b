import { PackageRefused } from "../errors.ts"
import type { Package } from "../package/Package.ts"
import type { Installed } from "./Resolver.ts"
import { compareText, type Need } from "./types.ts"
import type { Versions } from "./versions/Versions.ts"

/** The packages that are installed, and which of them are ready for the resolver. */
export class InstalledPackages implements Installed {
  readonly #versions: Versions
  readonly #byId = new Map<string, Package>()
  /** While imports are followed, only the package that they are in is ready: so the order of answers changes no level. */
  #entering: Package | undefined
  #isInstalling = false

  constructor(versions: Versions) {
    this.#versions = versions
  }

  /** The packages by their ids, in the order of their arrival. */
  get byId(): ReadonlyMap<string, Package> {
    return this.#byId
  }

  /** The packages, in alphabetical order. */
  sorted(): ReadonlyArray<Package> {
    return [...this.#byId.values()].toSorted((a, b) => compareText(a.id, b.id))
  }

  /** The packages with files that are reached and not held, in alphabetical order. */
  lost(): ReadonlyArray<Package> {
    return this.sorted().filter((pkg) => pkg.lost.size > 0)
  }

  /** Adds a package that was loaded. */
  add(pkg: Package): void {
    this.#byId.set(pkg.id, pkg)
  }

  /** The package that serves a need, or why there is none; `undefined` before it is ready. */
  readonly of = (need: Need): Package | PackageRefused | undefined => {
    const chosen = this.#versions.of(need)
    if (chosen === undefined || chosen instanceof PackageRefused) return chosen
    const pkg = this.#byId.get(chosen.id)
    return this.#isInstalling && pkg !== this.#entering ? undefined : pkg
  }

  /** Whether any version of a package is in the build. */
  readonly has = (name: string): boolean => this.#versions.has(name)

  /** Installs packages; until that ends, a package is ready only while it is entered. */
  async during(install: () => Promise<void>): Promise<void> {
    this.#isInstalling = true
    try {
      await install()
    } finally {
      this.#isInstalling = false
    }
  }

  /** Follows imports that lead into a package. */
  enter(pkg: Package | undefined, follow: () => void): void {
    this.#entering = pkg
    follow()
    this.#entering = undefined
  }
}
