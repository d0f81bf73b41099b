import { findFile } from "../../project/find-file.ts"
import { folderOf, joinPath } from "../../project/paths.ts"
import type { Files } from "../../project/project.ts"
import { importedNames, type Names } from "../source/barrels.ts"
import { guessImports, type Kind } from "../source/scan.ts"
import type { Site } from "../package/Package.ts"

/** An import of a package that the project seems to have. */
export interface GuessedImport {
  readonly site: Site
  readonly kind: Kind
  readonly names: Names
}

/** `@/lib/db` may be the file `lib/db` or `src/lib/db`. */
const aliased = (files: Files, specifier: string): string | undefined => {
  const path = specifier.replace(/^[@~#]?\/?/, "")
  return findFile(files, path) ?? findFile(files, `src/${path}`)
}

/** No package: a path, a URL, or a module of the platform. */
const NO_PACKAGE = /^(?:\.{0,2}\/|\.{1,2}$|#|(?!npm:)[a-z][a-z0-9+.-]{0,40}:)/i

/** Guesses the imports of packages, from the entrypoint on. The compiler has the last word. */
export const guessPackageImports = (
  files: Files,
  entrypoint: string,
  isPackage: (site: Site) => boolean
): ReadonlyArray<GuessedImport> => {
  const found: Array<GuessedImport> = []
  const paths = new Set([entrypoint])
  for (const file of paths) {
    const source = files.get(file) ?? ""
    const types = new Set<string>()
    const names = importedNames(source, types)
    for (const { specifier, kind } of guessImports(source)) {
      const isRelative = /^\.{1,2}(\/|$)/.test(specifier)
      const path = isRelative ? joinPath(folderOf(file), specifier) : undefined
      const own = path !== undefined ? findFile(files, path) : isRelative ? undefined : aliased(files, specifier)
      if (own !== undefined) paths.add(own)
      const site = { file, specifier }
      if (NO_PACKAGE.test(specifier) || !isPackage(site)) continue
      const taken = names.get(specifier)
      if (kind === "import" && taken === undefined && types.has(specifier)) continue
      found.push({ site, kind, names: kind === "import" ? (taken ?? true) : true })
    }
  }
  return found
}
