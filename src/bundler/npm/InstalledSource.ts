import type { PackageSource } from "./compiler/types.ts"
import type { PackageRefused } from "./errors.ts"
import type { Target } from "./graph/types.ts"
import type { Installation } from "./Installation.ts"
import type { Package, Site } from "./package/Package.ts"
import type { Kind } from "./source/scan.ts"
import type { Taken } from "./Taken.ts"

/** The installed packages, as the compiler asks for them. It notes what the compiler asks for in vain, for the next install. */
export class InstalledSource implements PackageSource {
  readonly #installation: Installation
  readonly #taken: Taken

  constructor(installation: Installation, taken: Taken) {
    this.#installation = installation
    this.#taken = taken
  }

  /** Where an import of the project leads. */
  fromProject(site: Site, kind: Kind): Target {
    return this.#check(this.#installation.target(site, kind), this.#installation.ask(site, kind))
  }

  /** Where an import in a file of a package leads. */
  resolve(pkg: Package, importer: string, specifier: string, kind: Kind): Target {
    const { resolver, reach } = this.#installation.graph
    const target = resolver.fromPackage(pkg, importer, specifier, kind)
    return this.#check(target, reach.isFollowed(pkg, importer, specifier, kind))
  }

  /** Notes what the compiler asked for and the guess overlooked. */
  #check(target: Target, wasFollowed: boolean): Target {
    const { graph, open } = this.#installation
    if (target.type === "need") open.need(target.need)
    if (target.type === "file" && !wasFollowed && !graph.reach.isWhole(target)) open.file(target)
    return target
  }

  /** Lets go of a file once the compiler has it, unless it is certain that it will ask again. */
  take(pkg: Package, path: string, isRaw: boolean): Uint8Array | string | PackageRefused | undefined {
    const { graph, open } = this.#installation
    const source = isRaw ? pkg.files.get(path) : graph.reach.source(pkg, path)
    if (source === undefined) {
      open.lost(pkg, path)
      return undefined
    }
    const refusal = this.#taken.add(pkg, source.length)
    if (refusal !== undefined) return refusal
    if (!open.isPending && !open.isKept(pkg, path)) pkg.files.delete(path)
    return source
  }
}
