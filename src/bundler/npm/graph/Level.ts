import { compareText, type Need } from "./types.ts"

const keyOf = ({ name, range, subpath, way, from, peer }: Need): string =>
  [name, range, subpath, way, from?.id ?? "", peer].join("\0")

/** The needs of the next level: each once, with all names that are wanted of it. */
export class Level {
  readonly #needs = new Map<string, Need>()

  /** Adds a need; a known one gets the names of both. */
  readonly add = (need: Need): void => {
    const key = keyOf(need)
    const known = this.#needs.get(key)
    if (known === undefined) this.#needs.set(key, need)
    else if (known.names === undefined || known.names === true || need.names === undefined || need.names === true)
      this.#needs.set(key, { ...known, names: true })
    else this.#needs.set(key, { ...known, names: new Set([...known.names, ...need.names]) })
  }

  /** The needs, always in the same order. */
  sorted(): ReadonlyArray<Need> {
    return [...this.#needs].toSorted(([a], [b]) => compareText(a, b)).map(([, need]) => need)
  }
}
