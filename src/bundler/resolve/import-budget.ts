import { joinPath } from "../project/paths.ts"
import type { Files } from "../project/project.ts"

/**
 * The most unresolvable imports that are reported. More reports do not help the author, and each costs the compiler time and
 * memory.
 */
const MAX_REPORTED = 100

/** A project with fewer import keywords is not watched, because it cannot have too many unresolvable imports. */
const WATCH_FROM = 1000

/** Counts how often a word occurs, up to `WATCHED`. */
const occurrences = (source: string, word: string): number => {
  let count = 0
  for (let at = source.indexOf(word); at >= 0 && count <= WATCH_FROM; at = source.indexOf(word, at + word.length))
    count++
  return count
}

/** The most UTF-16 units of a specifier, because the compiler looks up every folder in it. */
export const MAX_SPECIFIER = 1000

/** Whether a source has a run of characters without blanks and quotes that is too long for a specifier. */
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

/** Counts the imports of one build that certainly lead to no file. */
export interface ImportBudget {
  /** Whether relative imports may be so many, or so long, that each must be checked. */
  readonly watches: boolean
  /** Whether a relative import of a file in `folder` certainly leads to no file. False means perhaps. */
  readonly isLost: (folder: string, specifier: string) => boolean
  /** Counts an unresolvable import, and returns whether it is one too many to report. */
  readonly isTooMany: () => boolean
}

/** Makes a budget for the imports of a project. */
export const makeImportBudget = (files: Files): ImportBudget => {
  let words = 0
  for (const source of files.values())
    for (const word of ["import", "require", "from"]) words += words > WATCH_FROM ? 0 : occurrences(source, word)
  const watches = words > WATCH_FROM || [...files.values()].some(hasLongText)
  const paths = new Set<string>([""])
  if (watches)
    for (const path of files.keys()) {
      paths.add(path).add(withoutExtension(path))
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) paths.add(path.slice(0, end))
    }
  let reported = 0
  return {
    watches,
    isLost: (folder, specifier) => {
      const path = joinPath(folder, specifier.split(/[?#]/, 1)[0] ?? "")
      if (path === undefined) return true
      const isKnown = paths.has(path) || paths.has(withoutExtension(path)) || path.includes("node_modules")
      return !isKnown && !/[?#]/.test(specifier)
    },
    isTooMany: () => ++reported > MAX_REPORTED
  }
}
