import { matchesPath } from "./glob.ts"

interface Pattern {
  readonly parts: ReadonlyArray<string>
  /** Whether it takes back what an earlier pattern ignores. */
  readonly keeps: boolean
  /** Whether it is about folders alone. */
  readonly isFolder: boolean
}

/** How many patterns there may be, characters of one, and steps to compare all of them with all paths. */
const MAX = { patterns: 200, length: 300, steps: 5_000_000 }

/**
 * Returns the reason why patterns cannot be followed for these paths, or `undefined` if they can. A pattern that were left out
 * could show private files.
 */
export const ignoreProblem = (text: string, paths: ReadonlyArray<string>): string | undefined => {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"))
  if (lines.length > MAX.patterns) return `${lines.length} patterns are too many; at most ${MAX.patterns} are allowed`
  if (lines.some((line) => line.length > MAX.length)) return `A pattern is longer than ${MAX.length} characters`
  // Each folder on the way to a file is compared, name by name.
  const steps = paths.reduce((sum, path) => sum + path.split("/").length ** 2 / 2, 0) * lines.length
  return steps > MAX.steps ? "The patterns are too many for so many nested files" : undefined
}

const readPattern = (line: string): ReadonlyArray<Pattern> => {
  const text = line.trim()
  if (text === "" || text.startsWith("#")) return []
  const keeps = text.startsWith("!")
  const plain = (keeps ? text.slice(1) : text).replace(/^\\(?=[#!])/, "")
  const parts = plain.split("/").filter((part) => part !== "")
  // Without a slash before its end, a pattern is about names in any folder.
  const isAnywhere = !plain.slice(0, -1).includes("/")
  return parts.length === 0
    ? []
    : [{ keeps, isFolder: plain.endsWith("/"), parts: isAnywhere ? ["**", ...parts] : parts }]
}

/**
 * Reads the patterns of an `.assetsignore`, which are those of a `.gitignore`: of their signs, `*`, `**`, `!` and `/`.
 *
 * @returns whether a path is ignored. What is in an ignored folder stays ignored.
 */
export const readIgnore = (text: string): ((path: string) => boolean) => {
  const patterns = text.split("\n").flatMap(readPattern)
  const folders = new Map<string, boolean>()
  const ignores = (parts: ReadonlyArray<string>, isFolder: boolean): boolean => {
    const path = parts.join("/")
    const known = isFolder ? folders.get(path) : undefined
    if (known !== undefined) return known
    const isIgnored =
      (parts.length > 1 && ignores(parts.slice(0, -1), true)) ||
      patterns.findLast((it) => (isFolder || !it.isFolder) && matchesPath(it.parts, parts, true))?.keeps === false
    if (isFolder) folders.set(path, isIgnored)
    return isIgnored
  }
  return (path) => ignores(path.split("/"), false)
}
