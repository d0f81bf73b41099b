import { joinPath } from "../project/paths.ts"
import type { Files } from "../project/project.ts"

/** How many imports that lead nowhere are told: more are of no use to anybody, and each costs the compiler time and memory. */
const TOLD = 100

/** A project with fewer words that begin an import is not watched: its imports that lead nowhere are few enough. */
const WATCHED = 1000

/** How often a word occurs, counted up to `WATCHED`. */
const occurrences = (source: string, word: string): number => {
  let count = 0
  for (let at = source.indexOf(word); at >= 0 && count <= WATCHED; at = source.indexOf(word, at + word.length)) count++
  return count
}

/** UTF-16 units of a specifier: of folders beyond counting, the compiler asks for each. */
export const MAX_SPECIFIER = 1000

/** Whether a source has text without blanks and quotes that is too long for a specifier. */
const hasLongText = (source: string): boolean => {
  let run = 0
  for (let index = 0; index < source.length; index++) {
    const unit = source.charCodeAt(index)
    // Blanks and control characters, the quotes, and the backtick.
    run = unit <= 0x22 || unit === 0x27 || unit === 0x60 ? 0 : run + 1
    if (run > MAX_SPECIFIER) return true
  }
  return false
}

const withoutExtension = (path: string): string => path.replace(/\.[^./]{1,20}$/, "")

/** Counts the imports of one build that lead nowhere for certain. */
export interface ImportBudget {
  /** Whether there may be so many, or so long, relative imports that each is worth a question. */
  readonly watches: boolean
  /** Whether a relative import leads nowhere, as seen from a folder: a no is only a maybe. */
  readonly isLost: (folder: string, specifier: string) => boolean
  /** Counts one that leads nowhere; whether it is one too many to be told. */
  readonly isTooMany: () => boolean
}

/** A budget for the imports of a project. */
export const makeImportBudget = (files: Files): ImportBudget => {
  let words = 0
  for (const source of files.values())
    for (const word of ["import", "require", "from"]) words += words > WATCHED ? 0 : occurrences(source, word)
  const watches = words > WATCHED || [...files.values()].some(hasLongText)
  const paths = new Set<string>([""])
  if (watches)
    for (const path of files.keys()) {
      paths.add(path).add(withoutExtension(path))
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) paths.add(path.slice(0, end))
    }
  let told = 0
  return {
    watches,
    isLost: (folder, specifier) => {
      const path = joinPath(folder, specifier.split(/[?#]/, 1)[0] ?? "")
      if (path === undefined) return true
      const isKnown = paths.has(path) || paths.has(withoutExtension(path)) || path.includes("node_modules")
      return !isKnown && !/[?#]/.test(specifier)
    },
    isTooMany: () => ++told > TOLD
  }
}
