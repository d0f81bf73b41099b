import { matchesPath } from "./glob.ts"

interface Pattern {
  readonly parts: ReadonlyArray<string>
  /** Whether it takes back what an earlier pattern ignores. */
  readonly keeps: boolean
  /** Whether it is about folders alone. */
  readonly isFolder: boolean
}

/** How many patterns are read, and characters of one. */
const MAX = { patterns: 200, length: 300 }

const readPattern = (line: string): ReadonlyArray<Pattern> => {
  const text = line.slice(0, MAX.length).trim()
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
  const patterns = text.split("\n", MAX.patterns).flatMap(readPattern)
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
