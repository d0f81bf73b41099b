import { guessImports } from "./guess-imports.ts"
import type { Remote } from "./remote.ts"
import { ImportRefused } from "./url-rules.ts"

/** How deep a graph of modules is followed. */
const LEVELS = 20

/** Fetches modules with what they seem to import, level by level. */
export const fetchGraph = async (remote: Remote, urls: Iterable<string>): Promise<void> => {
  let wanted = [...urls]
  for (let level = 0; level < LEVELS && wanted.length > 0; level++) {
    await remote.fetchAll(wanted)
    wanted = wanted.flatMap((url) => importsOf(remote, url)).filter((url) => remote.get(url) === undefined)
  }
}

const importsOf = (remote: Remote, url: string): ReadonlyArray<string> => {
  const module = remote.get(url)
  if (module === undefined || module instanceof ImportRefused || module.loader === "json") return []
  return guessImports(module.text).flatMap((specifier) => {
    try {
      return [remote.resolve(specifier, module.url)]
    } catch {
      // It may be a comment's; if it is not, the compiler will ask for it and be told.
      return []
    }
  })
}
