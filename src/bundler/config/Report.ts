import { BundleError, type Diagnostic } from "../diagnostics.ts"
import type { Path } from "./text/locate-json.ts"
import type { ConfigSource, Quoted } from "./text/source.ts"

/** How many refusals and warnings are kept, because each costs a pass over the file. */
const MAX = 50

/** UTF-16 units of a name in a text. */
const MAX_NAME = 100

/** A name as texts show it. */
export const shown = (name: string): string =>
  name.length > MAX_NAME ? `${name.slice(0, MAX_NAME).toWellFormed()}…` : name.toWellFormed()

/** A name in quotes. */
export const quoted = (name: string): string => JSON.stringify(shown(name))

/** A path as texts show it: `kv_namespaces[0].binding`. */
export const formatPath = (path: Path): string =>
  path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${shown(part)}`)).join("")

/** Collects the refusals and the warnings about one configuration. */
export class Report {
  readonly #source: ConfigSource
  readonly #refusals: Array<Diagnostic> = []
  readonly #warnings: Array<() => Diagnostic> = []

  constructor(source: ConfigSource) {
    this.#source = source
  }

  /** The configuration's value. */
  get value(): unknown {
    return this.#source.value
  }

  /** Where a key is written. */
  place(path: Path): Quoted {
    return this.#source.place(path)
  }

  /** Notes that the configuration cannot be honoured. */
  refuse(path: Path, text: string, hint?: string): void {
    if (this.#refusals.length < MAX) this.#refusals.push(this.#diagnostic(path, text, hint))
  }

  /** Notes that a key has a wrong type; `expected` completes "must be …". */
  refuseType(path: Path, expected: string): void {
    this.refuse(path, `${JSON.stringify(formatPath(path))} must be ${expected}`, "Correct it or leave it out.")
  }

  /** Notes that a key has no effect. */
  warn(path: Path, text: string, hint?: string): void {
    if (this.#warnings.length < MAX) this.#warnings.push(() => this.#diagnostic(path, text, hint))
  }

  /** @throws {BundleError} if anything was refused. */
  warnings(): ReadonlyArray<Diagnostic> {
    if (this.#refusals.length > 0) throw new BundleError(this.#refusals)
    return this.#warnings.map((make) => make())
  }

  #diagnostic(path: Path, text: string, hint: string | undefined): Diagnostic {
    return { ...this.#source.place(path), text, ...(hint === undefined ? {} : { hint }) }
  }
}
