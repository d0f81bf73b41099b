import type { PackageRefused } from "../errors.ts"
import type { Way } from "../package/exports.ts"
import type { Package, Site } from "../package/Package.ts"
import type { Names } from "../source/barrels.ts"

/** An import that needs a package which is not installed yet. */
export interface Need {
  readonly name: string
  readonly range: string
  readonly subpath: string
  readonly way: Way
  /** The importing package; `undefined` for the project. */
  readonly from: Package | undefined
  /** The project's import that led there. */
  readonly site: Site
  /** Whether the project's own is to be used. */
  readonly peer: boolean
  /** The names that are wanted of its exports; all of them unless they are known. */
  readonly names?: Names
}

/** A file of an installed package. */
export interface FileTarget {
  readonly type: "file"
  readonly pkg: Package
  readonly path: string
  readonly sideEffects: boolean
}

/** Where an import leads. */
export type Target =
  | FileTarget
  /** A module of the platform. */
  | { readonly type: "platform"; readonly specifier: string }
  /** A module of hono that is provided. */
  | { readonly type: "provided"; readonly id: string }
  /** Replaced by nothing, because `browser` says `false`. */
  | { readonly type: "empty" }
  /** It throws at run time where it is required, as in Node for a package that is not installed. */
  | { readonly type: "absent"; readonly reason: string }
  | { readonly type: "need"; readonly need: Need }
  | { readonly type: "refused"; readonly error: PackageRefused }

/** The project that the packages are for. */
export interface Project {
  /** The range that the project's own package.json has for a package. */
  readonly rangeOf: (name: string) => string | undefined
  /** Whether it is one of Node's modules, with or without `node:`. */
  readonly isNode: (specifier: string) => boolean
  /**
   * Whether a provided module serves an import.
   *
   * @param range the importer's range for the package; `undefined` if it gives none.
   */
  readonly isProvided: (specifier: string, range: string | undefined) => boolean
}

/** Compares texts by their code units, the same in every place. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
