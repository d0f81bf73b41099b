import type { AssetRouting, ProjectConfig } from "../config/types.ts"
import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { utf8Length } from "../limits.ts"
import type { Project } from "../project/project.ts"
import { toBase64 } from "./base64.ts"
import { ignoreProblem, readIgnore } from "./ignore.ts"

/** Static files, and how they are served. */
export interface Assets extends AssetRouting {
  /** Contents in base64 by path below the folder of assets, without a slash at its beginning: `"img/logo.png"`. */
  readonly files: Readonly<Record<string, string>>
}

/** The files of a project that are static, and warnings about them. */
export interface FoundAssets {
  readonly assets: Assets
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** Files that wrangler reads and does not serve. */
const RULES = ["_headers", "_redirects"]

const IGNORE = ".assetsignore"

/** Whether a file at the root is never served: settings, which may hold private values, hidden files, and packages. */
const isPrivate = (path: string): boolean =>
  /^wrangler\.(json|jsonc|toml)$/.test(path) || /(^|\/)(\.(?!well-known\/)|node_modules\/)/.test(path)

const refuse = (diagnostic: Diagnostic): never => {
  throw new BundleError([diagnostic])
}

/** The longest name of a file or a folder, in bytes of UTF-8, as file systems have it. */
const MAX_NAME_BYTES = 255

/** Whether a name is longer than that. */
const isLong = (name: string): boolean => name.length > MAX_NAME_BYTES / 3 && utf8Length(name) > MAX_NAME_BYTES

/** Refuses files that no host could keep, because an upload with one fails each time, after the payment. */
const checkPaths = (root: string, paths: ReadonlyArray<string>): void => {
  const all = new Set(paths)
  for (const path of paths) {
    const place = { file: root + path, line: 1, column: 1 }
    // A zip archive cannot hold it, because libraries read archives into plain objects.
    if (path === "__proto__") refuse({ ...place, text: `${path} cannot be served`, hint: "Rename the file." })
    if (path.split("/").some(isLong))
      refuse({ ...place, text: `A name has more than ${MAX_NAME_BYTES} bytes of UTF-8`, hint: "Shorten it." })
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
      if (all.has(path.slice(0, end)))
        refuse({
          ...place,
          text: `${JSON.stringify(root + path.slice(0, end))} is a file and a folder at once`,
          hint: "Rename one of them."
        })
  }
}

/**
 * Gathers the files of a folder of assets, as wrangler does.
 *
 * @param directory relative to the project's root; "" is the root.
 * @param place where the folder is configured, if it is.
 * @throws {BundleError} if the folder has no files, or one that must not be served.
 */
export const gatherAssets = (
  { files, binaries }: Pick<Project, "files" | "binaries">,
  directory: string,
  routing: AssetRouting,
  place?: NonNullable<ProjectConfig["assets"]>["place"]
): FoundAssets => {
  const root = directory === "" ? "" : `${directory}/`
  const patterns = files.get(root + IGNORE)
  const paths = [...files.keys(), ...binaries.keys()]
    .filter((path) => path.startsWith(root) && (root !== "" || !isPrivate(path)))
    .map((path) => path.slice(root.length))
    .toSorted()
  const problem = ignoreProblem(patterns ?? "", paths)
  if (problem !== undefined)
    refuse({ file: root + IGNORE, line: 1, column: 1, text: problem, hint: "Use fewer and shorter patterns." })
  const isIgnored = readIgnore(patterns ?? "")
  const served = paths.filter((path) => path !== IGNORE && !RULES.includes(path) && !isIgnored(path))
  if (served.length === 0)
    refuse({
      ...(place ?? { file: "", line: 0, column: 0 }),
      text: `No files were sent in the folder of assets: ${JSON.stringify(directory)}`,
      hint: "Send the files that are to be served, built if they have to be: no command runs here."
    })
  if (patterns === undefined && served.includes("_worker.js"))
    refuse({
      file: `${root}_worker.js`,
      line: 1,
      column: 1,
      text: "_worker.js is a program, and would be served as a file",
      hint: `Set "main" to it and list it in ${root}${IGNORE}, or leave it out.`
    })
  checkPaths(root, served)
  const encoder = new TextEncoder()
  const contentOf = (path: string): string =>
    binaries.get(root + path) ?? toBase64(encoder.encode(files.get(root + path) ?? ""))
  const isEmpty = (path: string): boolean => (binaries.get(root + path) ?? files.get(root + path) ?? "") === ""
  const empty = served.filter(isEmpty)
  if (empty.length === served.length)
    refuse({
      ...(place ?? { file: root + (empty[0] ?? ""), line: 1, column: 1 }),
      text: `All files in the folder of assets are empty: ${JSON.stringify(directory)}`,
      hint: "Send a file with content: the host serves no empty files."
    })
  return {
    assets: { ...routing, files: Object.fromEntries(served.map((path) => [path, contentOf(path)])) },
    warnings: [
      ...paths
        .filter((path) => RULES.includes(path))
        .map((path) => ({
          file: root + path,
          line: 1,
          column: 1,
          text: `${path} has no effect here`,
          hint: "Set headers and redirects in the program."
        })),
      ...empty.map((path) => ({
        file: root + path,
        line: 1,
        column: 1,
        text: `${path} is not served, because it is empty`
      }))
    ]
  }
}
