import { entriesOf, own, parseJson } from "./jsonc.ts"
import { folderOf, joinPath } from "./paths.ts"
import type { Files } from "./project.ts"

/** A package's name, as npm allows it. */
const NAME = /^(@[a-z0-9~-][\w.~-]{0,100}\/)?[a-z0-9~-][\w.~-]{0,200}$/i

const jsonOf = (files: Files, path: string): unknown => {
  const source = files.get(path)
  if (source === undefined) return undefined
  const read = parseJson(path, source)
  return "problem" in read ? undefined : read.value
}

/** Returns the patterns of the root's workspaces, as npm, yarn and pnpm write them. */
const patternsOf = (files: Files): ReadonlyArray<string> => {
  const declared = own(jsonOf(files, "package.json"), "workspaces")
  const list: unknown = Array.isArray(declared) ? declared : own(declared, "packages")
  const yaml = files.get("pnpm-workspace.yaml") ?? ""
  const lines = yaml
    .split("\n")
    .map((line) => /^\s*-\s*["']?([^"'#\s]+)/.exec(line.slice(0, 500))?.[1])
    .filter((it) => it !== undefined)
  return [...(Array.isArray(list) ? list.filter((it) => typeof it === "string") : []), ...lines]
}

/** Whether a folder matches a pattern: `*` stands for a part of one name, `**` for any number of folders. */
const matches = (pattern: ReadonlyArray<string>, folder: ReadonlyArray<string>): boolean => {
  const [head, ...rest] = pattern
  if (head === undefined) return folder.length === 0
  if (head === "**") return matches(rest, folder) || (folder.length > 0 && matches(pattern, folder.slice(1)))
  const [name, ...deeper] = folder
  if (name === undefined) return false
  const [before = "", after] = head.split("*")
  const fits =
    after === undefined
      ? head === name
      : name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after)
  return fits && matches(rest, deeper)
}

const segments = (path: string): ReadonlyArray<string> => path.split("/").filter((it) => it !== "" && it !== ".")

/** The most patterns that are read, and the most names in one. Real projects have fewer. */
const BOUND = 50

/** Returns the folders that a manifest's dependencies name by path: `"x": "file:../x"`. */
const localDependencies = (json: unknown, folder: string): ReadonlyArray<string> =>
  ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"]
    .flatMap((key) => entriesOf(own(json, key)))
    .flatMap(([, version]) => {
      const path = typeof version === "string" ? /^(?:file|link|portal):(.{1,500})$/.exec(version)?.[1] : undefined
      const target = path === undefined ? undefined : joinPath(folder, path)
      return target === undefined ? [] : [target]
    })

/**
 * Returns the links that an install would make for packages of the project itself: those of its workspaces, and those that it
 * depends on by path. It maps the link's path (`node_modules/@acme/math`) to the folder of the package. A package that the
 * author sent in `node_modules` has precedence.
 */
export const workspaceLinks = (files: Files): ReadonlyMap<string, string> => {
  const links = new Map<string, string>()
  const manifests = [...files.keys()].filter(
    (path) => path.endsWith("/package.json") && !path.includes("node_modules/")
  )
  if (manifests.length === 0) return links
  const patterns = patternsOf(files)
    .slice(0, BOUND)
    .map((pattern) => ({
      excludes: pattern.startsWith("!"),
      parts: segments(pattern.replace(/^!/, ""))
    }))
    // With more parts, matching would take exponential time.
    .filter(({ parts }) => parts.length < BOUND && parts.filter((it) => it === "**").length <= 2)
  const byPath = new Set(
    ["package.json", ...manifests].flatMap((path) => localDependencies(jsonOf(files, path), folderOf(path)))
  )
  const sent = new Set(
    [...files.keys()]
      .filter((path) => path.startsWith("node_modules/"))
      .map((path) =>
        segments(path)
          .slice(0, path.startsWith("node_modules/@") ? 3 : 2)
          .join("/")
      )
  )
  for (const path of manifests) {
    const folder = folderOf(path)
    const parts = segments(folder)
    const isMember =
      patterns.some((it) => !it.excludes && matches(it.parts, parts)) &&
      !patterns.some((it) => it.excludes && matches(it.parts, parts))
    const name = own(jsonOf(files, path), "name")
    if ((!isMember && !byPath.has(folder)) || typeof name !== "string" || !NAME.test(name)) continue
    const link = `node_modules/${name}`
    if (!sent.has(link) && !links.has(link)) links.set(link, folder)
  }
  return links
}
