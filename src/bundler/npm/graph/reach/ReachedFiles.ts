import type { Package } from "../../package/Package.ts"
import { type Barrel, type Names, pruneBarrel, readBarrel } from "../../source/barrels.ts"
import type { FileTarget } from "../types.ts"

/** A file that was reached. */
export interface ReachedFile {
  /** `undefined` for a file that is taken as it is. */
  readonly barrel: Barrel | undefined
  names: Names
  /** The imports that were followed; `undefined` before the file was read. */
  followed: Set<string> | undefined
}

const decoder = new TextDecoder()

/** The id of a package's file, unique in a build. */
export const idOf = (pkg: Package, path: string): string => `${pkg.id}/${path}`

/** The files that imports lead to, with the names that are wanted of each. Barrels among them are pruned to these names. */
export class ReachedFiles {
  readonly #files = new Map<string, ReachedFile>()
  #pruning = true

  /** Whether barrels are pruned. */
  get pruning(): boolean {
    return this.#pruning
  }

  /** Forgets all files: from now on barrels are taken whole. */
  stopPruning(): void {
    this.#pruning = false
    this.forget()
  }

  /** Forgets all files. */
  forget(): void {
    this.#files.clear()
  }

  /** Forgets one file. */
  drop(pkg: Package, path: string): void {
    this.#files.delete(idOf(pkg, path))
  }

  /** A file; `undefined` if it was not reached. */
  of(pkg: Package, path: string): ReachedFile | undefined {
    return this.#files.get(idOf(pkg, path))
  }

  /** Whether a file was reached as a whole. */
  isWhole({ pkg, path }: FileTarget): boolean {
    const reached = this.of(pkg, path)
    return reached !== undefined && (reached.barrel === undefined || reached.names === true)
  }

  /** A file's source; `undefined` if it is not held. */
  source(pkg: Package, path: string): Uint8Array | string | undefined {
    const reached = this.of(pkg, path)
    if (reached?.barrel === undefined || reached.names === true) return pkg.files.get(path)
    return pruneBarrel(reached.barrel, reached.names)
  }

  /** Wants names of a file. Returns whether it must be looked at: it is new, or a barrel of which more is wanted now. */
  want({ pkg, path, sideEffects }: FileTarget, names: Names): boolean {
    const known = this.of(pkg, path)
    if (known === undefined) {
      pkg.reached.add(path)
      const bytes = pkg.files.get(path)
      const mayPrune = this.#pruning && !sideEffects && /\.m?js$/.test(path) && bytes !== undefined
      const barrel = mayPrune ? readBarrel(decoder.decode(bytes)) : undefined
      this.#files.set(idOf(pkg, path), { barrel, names, followed: undefined })
      return true
    }
    if (known.names === true) return false
    const more = names === true || [...names].some((name) => known.names !== true && !known.names.has(name))
    if (more) known.names = names === true ? true : new Set([...known.names, ...names])
    return more && known.barrel !== undefined
  }
}
