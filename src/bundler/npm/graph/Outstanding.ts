import type { Package } from "../package/Package.ts"
import type { FileTarget, Need } from "./types.ts"

const fileKey = ({ pkg, path }: Pick<FileTarget, "pkg" | "path">): string => `${pkg.id}/${path}`

const keyOf = ({ name, range, subpath, way }: Need): string => [name, range, subpath, way].join("\0")

/** All that is still to be installed: found by the guess, and by the compiler where the guess overlooked it. */
export class Outstanding {
  /** Every need of the project that was met. */
  readonly #met = new Map<string, Need>()
  #needs: Array<Need> = []
  #overlooked: Array<FileTarget> = []
  #isLost = false
  /** All that was outstanding in any round. */
  readonly #seen = new Set<string>()
  readonly #askedAgain = new Set<string>()
  /** Whether something is outstanding that was not in an earlier round. Without it, a further round would end as this one. */
  isNew = false

  /** The needs without a package. */
  get needs(): ReadonlyArray<Need> {
    return this.#needs
  }

  /** Files that are needed as a whole. */
  get overlooked(): ReadonlyArray<FileTarget> {
    return this.#overlooked
  }

  /** Whether anything is still to be installed. */
  get isPending(): boolean {
    return this.#needs.length > 0 || this.#overlooked.length > 0 || this.#isLost
  }

  /** Adds an import without a package. */
  need(need: Need): void {
    if (need.from === undefined) this.#met.set(keyOf(need), need)
    this.#see(`need ${keyOf(need)} ${need.from?.id ?? ""}`)
    this.#needs.push(need)
  }

  /** Adds a file that an import takes as a whole. */
  file(target: FileTarget): void {
    this.#see(`file ${fileKey(target)}`)
    this.#overlooked.push(target)
  }

  /** Notes that the compiler asked for a file that is not held, because it has it already or because it was never reached. */
  lost(pkg: Package, path: string): void {
    const key = fileKey({ pkg, path })
    this.#see(`lost ${key}`)
    this.#askedAgain.add(key)
    this.#isLost = true
  }

  /** Whether a file must be kept: the compiler loads it once more, for an import with other attributes. */
  isKept(pkg: Package, path: string): boolean {
    return this.#askedAgain.has(fileKey({ pkg, path }))
  }

  /** All is installed. */
  clear(): void {
    this.#needs = []
    this.#overlooked = []
    this.#isLost = false
    this.isNew = false
  }

  /** Begins anew with these needs, and with all others that are outstanding. */
  restart(needs: ReadonlyArray<Need>): void {
    const known = new Set(needs.map(keyOf))
    const others = this.#needs.filter((need) => !known.has(keyOf(need)))
    this.clear()
    this.#seen.clear()
    this.#met.clear()
    for (const need of [...needs, ...others]) this.need(need)
  }

  /** The project's needs are to be met once more, from the beginning. */
  reopen(): void {
    this.clear()
    this.#seen.clear()
    this.#needs = [...this.#met.values()]
    this.isNew = true
  }

  #see(key: string): void {
    if (!this.#seen.has(key)) this.isNew = true
    this.#seen.add(key)
  }
}
