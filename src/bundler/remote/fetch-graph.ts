import { guessImports } from "./guess-imports.ts"
import type { RemoteModules } from "./RemoteModules.ts"
import { ImportRefused } from "./url-rules.ts"

/** This many levels of a graph of modules are fetched. */
const LEVELS = 20

/** Fetches modules and their likely imports, level by level. */
export const fetchGraph = async (remote: RemoteModules, urls: Iterable<string>): Promise<void> => {
  let wanted = [...urls]
  for (let level = 0; level < LEVELS && wanted.length > 0; level++) {
    await remote.fetchAll(wanted)
    wanted = wanted.flatMap((url) => importsOf(remote, url)).filter((url) => remote.get(url) === undefined)
  }
}

const importsOf = (remote: RemoteModules, url: string): ReadonlyArray<string> => {
  const module = remote.get(url)
  if (module === undefined || module instanceof ImportRefused || module.loader === "json") return []
  return guessImports(module.text).flatMap((specifier) => {
    try {
      return [remote.resolve(specifier, module.url)]
    } catch {
      // It may be text in a comment. If it is an import, the compiler asks for it and gets the error.
      return []
    }
  })
}
