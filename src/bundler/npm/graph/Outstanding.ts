import type { FileTarget, Need } from "./types.ts"

const keyOf = ({ name, range, subpath, way }: Need): string => [name, range, subpath, way].join("\0")

/** All that is still to be installed: found by the guess, and by the compiler where the guess overlooked it. */
export class Outstanding {
  /** Every need of the project that was met. */
  readonly #met = new Map<string, Need>()
  #needs: Array<Need> = []
  #overlooked: Array<FileTarget> = []
  /** Whether the compiler asked for a file that is not held. */
  isLost = false

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
    return this.#needs.length > 0 || this.#overlooked.length > 0 || this.isLost
  }

  /** Adds an import without a package. */
  need(need: Need): void {
    if (need.from === undefined) this.#met.set(keyOf(need), need)
    this.#needs.push(need)
  }

  /** Adds a file that an import takes as a whole. */
  file(target: FileTarget): void {
    this.#overlooked.push(target)
  }

  /** All is installed. */
  clear(): void {
    this.#needs = []
    this.#overlooked = []
    this.isLost = false
  }

  /** The project's needs are to be met once more, from the beginning. */
  reopen(): void {
    this.clear()
    this.#needs = [...this.#met.values()]
  }
}
