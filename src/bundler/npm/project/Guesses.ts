import type { Files } from "../../project/project.ts"
import type { Site } from "../package/Package.ts"
import type { Kind } from "../source/scan.ts"
import { type GuessedImport, guessPackageImports } from "./guess-needs.ts"

const keyOf = ({ file, specifier }: Site, kind: Kind): string => `${file}\0${kind}\0${specifier}`

/** The imports of packages that the project seems to have, and those that the compiler really asks for. */
export class Guesses {
  readonly #files: Files
  readonly #entrypoint: string
  readonly #isPackage: (site: Site) => boolean
  #guessed: ReadonlyMap<string, GuessedImport> = new Map()
  readonly #asked = new Set<string>()

  constructor(files: Files, entrypoint: string, isPackage: (site: Site) => boolean) {
    this.#files = files
    this.#entrypoint = entrypoint
    this.#isPackage = isPackage
  }

  /** Guesses the imports. */
  make(): ReadonlyArray<GuessedImport> {
    const found = guessPackageImports(this.#files, this.#entrypoint, this.#isPackage)
    this.#guessed = new Map(found.map((guess) => [keyOf(guess.site, guess.kind), guess]))
    return found
  }

  /** Notes an import that the compiler asks for. Returns whether it was guessed. */
  ask(site: Site, kind: Kind): boolean {
    const key = keyOf(site, kind)
    this.#asked.add(key)
    return this.#guessed.has(key)
  }

  /** Keeps only the guesses that the compiler asked for. Returns them; `undefined` if it asked for all. */
  narrow(): ReadonlyArray<GuessedImport> | undefined {
    const right = new Map([...this.#guessed].filter(([key]) => this.#asked.has(key)))
    if (right.size === this.#guessed.size) return undefined
    this.#guessed = right
    return [...right.values()]
  }
}
