import type { Diagnostic } from "../../diagnostics.ts"
import type { Files } from "../../project/project.ts"
import { isObject, own } from "../package/json.ts"
import { isPackageName } from "../specifiers.ts"
import { placeOf } from "./site.ts"

/** The versions that a project forces upon all packages. */
export interface Overrides {
  /** By the name of a package, its version or range. */
  readonly ranges: ReadonlyMap<string, string>
  /** The entries that are not applied. */
  readonly ignored: ReadonlyArray<string>
}

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  isObject(value) ? Object.entries(value).slice(0, 1000) : []

/**
 * Reads npm's `overrides`, yarn's `resolutions` and pnpm's `pnpm.overrides`. Those for every importer are applied; those
 * for some importers or for some ranges are not.
 *
 * @param rangeOf the project's own range of a package, which `$name` means.
 */
export const readOverrides = (json: unknown, rangeOf: (name: string) => string | undefined): Overrides => {
  const ranges = new Map<string, string>()
  const ignored: Array<string> = []
  const pnpm = own(json, "pnpm")
  const tables = [own(json, "resolutions"), own(pnpm, "overrides"), own(json, "overrides")]
  for (const [key, value] of tables.flatMap(entriesOf)) {
    const name = key.replace(/^\*\*\//, "")
    const isAlone = isPackageName(name)
    const written = isObject(value) ? own(value, ".") : value
    const range = typeof written === "string" && written.startsWith("$") ? rangeOf(written.slice(1)) : written
    if (isAlone && typeof range === "string") ranges.set(name, range)
    const isWhole = isAlone && typeof range === "string"
    if (!isWhole || (isObject(value) && Object.keys(value).some((it) => it !== "."))) ignored.push(key)
  }
  return { ranges, ignored }
}

/** The lock files of other package managers. */
const FOREIGN_LOCKS = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"]

/** Warnings about what a project says of versions and packages do not follow. */
export const versionWarnings = (files: Files, manifest: string, { ignored }: Overrides): ReadonlyArray<Diagnostic> => [
  ...ignored.slice(0, 5).map((key) => ({
    ...placeOf(files, { file: manifest, specifier: key }),
    text: `The override of ${JSON.stringify(key.slice(0, 200))} is ignored, for it is not for all importers of one package`,
    hint: 'Write the package and its version alone, as in "overrides": { "name": "1.2.3" }.'
  })),
  ...FOREIGN_LOCKS.filter((file) => files.has(file)).map((file) => ({
    file,
    line: 1,
    column: 1,
    text: `${file} is not read, so packages may have other versions than those in it`,
    hint: "Send package-lock.json, or mpp.lock.json with the lock of an earlier answer; or write exact versions in package.json."
  }))
]
