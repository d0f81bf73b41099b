import type { Message } from "esbuild-wasm"
import type { Diagnostic } from "../../diagnostics.ts"
import type { Files } from "../../project/project.ts"
import type { PackageRefused } from "../errors.ts"
import type { Site } from "../package/Package.ts"
import { placeOf } from "./site.ts"

const keyOf = ({ file, specifier }: Site): string => `${file}\0${specifier}`

/** Imports of the project that may fail while the program runs, because they lead nowhere. */
export class CaughtImports {
  readonly #failures = new Map<string, { readonly site: Site; readonly error: PackageRefused }>()

  /** Notes such an import. If nothing catches its error, the compiler reports it, and there is no bundle. */
  add(site: Site, error: PackageRefused): void {
    this.#failures.set(keyOf(site), { site, error })
  }

  /** The reason why an import leads nowhere that the compiler could not resolve; `undefined` for other messages. */
  of({ text, location }: Message): PackageRefused | undefined {
    const specifier = /^Could not resolve "(.+)"$/.exec(text)?.[1] ?? ""
    return this.#failures.get(keyOf({ file: location?.file ?? "", specifier }))?.error
  }

  /** Warnings about a bundle that has such imports. */
  warnings(files: Files): ReadonlyArray<Diagnostic> {
    return [...this.#failures.values()].map(({ site, error }) => ({
      ...placeOf(files, site),
      text: `The import of ${JSON.stringify(site.specifier.slice(0, 200))} fails while the program runs, which catches that: ${error.text}`,
      hint: error.hint === "" ? "If the program needs it, import another package." : error.hint
    }))
  }
}
