import satisfies from "semver/functions/satisfies.js"
import validRange from "semver/ranges/valid.js"
import type { Diagnostic } from "../../diagnostics.ts"
import { parseJson } from "../../project/jsonc.ts"
import { findFile } from "../../project/find-file.ts"
import { folderOf } from "../../project/paths.ts"
import type { Files } from "../../project/project.ts"
import { isNodeModule } from "../../resolve/node-modules.ts"
import { isPart, PROVIDED, PROVIDED_VERSION } from "../../resolve/provided.ts"
import type { Project } from "../graph/types.ts"
import { readRange } from "../package/dependencies.ts"
import type { Site } from "../package/Package.ts"
import { type Overrides, readOverrides, versionWarnings } from "./overrides.ts"
import { isPackageName, readAlias, readSpecifier, splitSpecifier } from "../specifiers.ts"

/** Whether a range is for another version of hono than the provided one. A tag is not. */
const isForOther = (range: string): boolean => {
  const alias = readAlias("hono", range)
  if (alias.name !== "hono") return true
  return validRange(alias.range) !== null && !satisfies(PROVIDED_VERSION, alias.range)
}

/** The part of a project that decides about packages: the package.json files, and what is provided. */
export class ProjectSide implements Project {
  readonly #files: Files
  readonly #folder: string
  readonly #mayBeOwn: (specifier: string) => boolean
  readonly #manifests = new Map<string, unknown>()
  #read: Overrides | undefined

  /**
   * @param entrypoint where the program starts: the nearest package.json above it is the project's.
   * @param mayBeOwn whether a bare import may mean a file of the project.
   */
  constructor(files: Files, entrypoint: string, mayBeOwn: (specifier: string) => boolean) {
    this.#files = files
    this.#mayBeOwn = mayBeOwn
    this.#folder = folderOf(entrypoint)
  }

  readonly rangeOf = (name: string): string | undefined => this.rangeFrom(this.#folder, name)

  /** The range that the nearest package.json above a folder has for a package. */
  rangeFrom(folder: string, name: string): string | undefined {
    for (let parts = folder === "" ? [] : folder.split("/"); ; parts = parts.slice(0, -1)) {
      const range = readRange(this.#manifest([...parts, "package.json"].join("/")), name)
      if (range !== undefined) return range
      if (parts.length === 0) return undefined
    }
  }

  /** The version that the project forces upon all packages that depend on a package. */
  readonly overrideOf = (name: string): string | undefined => this.#overrides().ranges.get(name)

  /** Warnings about what the project says of versions and packages do not follow. */
  versionWarnings(): ReadonlyArray<Diagnostic> {
    return versionWarnings(this.#files, this.#rootManifest(), this.#overrides())
  }

  /** As in npm, only the outermost package.json has overrides. */
  #rootManifest(): string {
    const parts = this.#folder === "" ? [] : this.#folder.split("/")
    const paths = [...parts.keys(), parts.length].map((count) => [...parts.slice(0, count), "package.json"].join("/"))
    return paths.find((path) => this.#files.has(path)) ?? "package.json"
  }

  #overrides(): Overrides {
    return (this.#read ??= readOverrides(this.#manifest(this.#rootManifest()), this.rangeOf))
  }

  readonly isNode = (specifier: string): boolean => specifier.startsWith("node:") || isNodeModule(specifier)

  readonly isProvided = (specifier: string, range: string | undefined): boolean => {
    if (!PROVIDED.has(specifier) || isPart(specifier)) return false
    const asked = range ?? this.rangeOf(splitSpecifier(specifier).name)
    return asked === undefined || !isForOther(asked)
  }

  /** The range for an import of a file of the project, where one is declared. */
  rangeFor({ file, specifier }: Site): string | undefined {
    const { name } = readSpecifier(specifier)
    return this.rangeFrom(folderOf(file), name) ?? (name === "hono" ? PROVIDED_VERSION : undefined)
  }

  /** Whether package.json names the package of an import. */
  isDeclared({ file, specifier }: Site): boolean {
    return this.rangeFrom(folderOf(file), readSpecifier(specifier).name) !== undefined
  }

  /** Whether a provided module serves an import of the project. */
  isProvidedFor({ file, specifier }: Site): boolean {
    return this.isProvided(specifier, this.rangeFrom(folderOf(file), splitSpecifier(specifier).name))
  }

  /** Whether an import that leads to no file may mean a package. */
  mayBePackage({ file, specifier }: Site): boolean {
    const { name, subpath } = readSpecifier(specifier)
    // The platform calls the Worker; the compiler's error says how.
    if (!isPackageName(name) || name === "@hono/node-server") return false
    // Aliases of the project's folder, and the folder itself.
    if (name === "~" || (name === "src" && subpath !== "")) return false
    if (subpath === "" || specifier.startsWith("npm:") || this.rangeFrom(folderOf(file), name) !== undefined)
      return true
    // `lib/db` is a file of the project if there is one of that name.
    return (findFile(this.#files, specifier) ?? findFile(this.#files, `src/${specifier}`)) === undefined
  }

  /** Whether an import certainly means a package. */
  isPackage(site: Site): boolean {
    const { specifier } = site
    if (this.#mayBeOwn(specifier) || this.isNode(specifier) || this.isProvidedFor(site)) return false
    return this.mayBePackage(site)
  }

  #manifest(path: string): unknown {
    const source = this.#files.get(path)
    if (source === undefined) return undefined
    if (!this.#manifests.has(path)) {
      const read = parseJson(path, source)
      this.#manifests.set(path, "problem" in read ? undefined : read.value)
    }
    return this.#manifests.get(path)
  }
}
