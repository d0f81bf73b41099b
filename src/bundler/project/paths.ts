import { LIMITS } from "../limits.ts"

/** Returns the folder of a path, "" for the root: `folderOf("src/a.ts")` is `"src"`. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))

/** Returns the name without its folder: `nameOf("src/a.ts")` is `"a.ts"`. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Returns the last extension in lower case, without the dot; "" if there is none: `extensionOf("src/A.Test.TS")` is `"ts"`. */
export const extensionOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ""

/**
 * Follows a relative path from a folder. Returns `undefined` if it climbs above the root. To stop there, as URLs do, would
 * silently find another file than the one that the author's own machine finds.
 */
export const joinPath = (folder: string, relative: string): string | undefined => {
  const parts = folder === "" ? [] : folder.split("/")
  for (const part of relative.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined
    } else if (part !== "" && part !== ".") parts.push(part)
  }
  return parts.join("/")
}

/** Returns a path without empty and `.` segments: `normalizePath("./src//a.ts")` is `"src/a.ts"`. */
export const normalizePath = (path: string): string => segmentsOf(path).join("/")

/** Returns the segments of a path without the empty ones and `.`: `segmentsOf("./src//a.ts")` is `["src", "a.ts"]`. */
export const segmentsOf = (path: string): ReadonlyArray<string> =>
  path.split("/").filter((part) => part !== "" && part !== ".")

/** Returns the specifier by which a file of `folder` imports `file`: `"./b.ts"`, `"../lib/b.ts"`. */
export const relativeSpecifier = (folder: string, file: string): string => {
  const from = folder === "" ? [] : folder.split("/")
  const to = file.split("/")
  let shared = 0
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++
  const up = from.length - shared
  return `${up === 0 ? "./" : "../".repeat(up)}${to.slice(shared).join("/")}`
}

/**
 * Returns the reason why `name` is not a valid file path, or `undefined` if it is. Paths are relative to the project's root and
 * separated by "/". Control characters would break the comments that name files in the output, and lone surrogates are lost in
 * UTF-8, which the compiler reads.
 */
export const pathProblem = (name: string): string | undefined => {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f\u2028\u2029]/.test(name)) return "must not contain control characters"
  if (name.length > LIMITS.pathLength) return `is longer than ${LIMITS.pathLength} characters`
  if (!name.isWellFormed()) return "must be well-formed Unicode"
  if (name.startsWith("/")) return "must not be absolute; paths are relative to the project"
  if (name.includes("\\")) return "must not contain a backslash; separate folders with /"
  const parts = name.split("/")
  if (parts.includes("..")) return "must not contain '..'"
  const last = parts.at(-1)
  if (last === "" || last === ".") return "must name a file"
  return undefined
}
