import { readConfig } from "../config/read-config.ts"
import type { ProjectConfig } from "../config/types.ts"
import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { findAssetFolders } from "./asset-folders.ts"
import { type FileContent, fromBase64, isBase64, textOf } from "./base64.ts"
import { checkAssets, checkSources, LIMITS } from "../limits.ts"
import { readPackageJson } from "../project/package-json.ts"
import { nameOf, normalizePath, pathProblem } from "../project/paths.ts"
import type { Project } from "../project/project.ts"

type Entry = readonly [path: string, content: FileContent]

const textFor = (entries: ReadonlyArray<Entry>) => (wanted: string) => {
  const content = entries.find(([path]) => path.endsWith(wanted) && normalizePath(path) === wanted)?.[1]
  // A longer one is refused for its size.
  if (typeof content === "string") return content.length <= LIMITS.sourceBytes ? content : undefined
  const base64: unknown = content?.base64
  const isBytes = typeof base64 === "string" && base64.length <= 2 * LIMITS.sourceBytes && isBase64(base64)
  return isBytes ? textOf(fromBase64(base64)) : undefined
}

/**
 * The declarations that `wrangler types` generates for the whole platform: half a megabyte that no program reads. They count
 * for nothing, because otherwise no project of wrangler would fit.
 */
const isGenerated = (path: string): boolean => nameOf(path) === "worker-configuration.d.ts"

/** How files split in sources and assets. */
export interface Split {
  readonly config: ProjectConfig
  readonly sources: ReadonlyArray<Entry>
  readonly assets: ReadonlyArray<Entry>
}

/**
 * Splits files as they were sent in sources and assets, which have limits of their own. What neither reads is in none.
 *
 * @param hasPlaces whether the configuration and its diagnostics say where things are written, which takes time.
 * @throws {BundleError} if the project's configuration cannot be honoured.
 */
export const splitFiles = (sent: Readonly<Record<string, FileContent>>, hasPlaces = false): Split => {
  const entries = Object.entries(sent)
  const textAt = textFor(entries)
  const config = readConfig(textAt, Date.now(), hasPlaces)
  const manifest = textAt("package.json")
  const { entries: mains } = readPackageJson(new Map(manifest === undefined ? [] : [["package.json", manifest]]))
  const folders = findAssetFolders(config, [...(config.main === undefined ? [] : [config.main]), ...mains])
  const isAsset = ([path]: Entry) => folders.some((folder) => normalizePath(path).startsWith(`${folder}/`))
  const sources = entries.filter((it) => !isAsset(it) && !isGenerated(it[0]))
  return { config, sources, assets: entries.filter(isAsset) }
}

/** The text of a file, or its bytes in base64, or the reason why it is neither. */
const readContent = (
  path: string,
  content: unknown,
  isAsset: boolean
): { readonly text: string } | { readonly base64: string } | { readonly problem: string } => {
  if (typeof content === "string") return { text: content }
  const base64: unknown = typeof content === "object" && content !== null ? Reflect.get(content, "base64") : undefined
  if (typeof base64 !== "string") return { problem: "has no text" }
  if (!isBase64(base64)) return { problem: "is not in base64, with its padding" }
  // Assets are served, not read, and a module of bytes stays one even if its bytes could be text.
  const text = isAsset || /\.(wasm|bin)$/i.test(path) ? undefined : textOf(fromBase64(base64))
  return text === undefined ? { base64 } : { text }
}

/**
 * Checks the files as they were sent.
 *
 * @param assetBytes how many bytes the assets may have.
 * @throws {BundleError} if they are too much, if the configuration cannot be honoured, or for each path that is invalid or
 *   names the same file as another.
 */
export const readProject = (
  sent: Readonly<Record<string, FileContent>>,
  assetBytes: number = LIMITS.assetBytes
): Project => {
  const { config, sources, assets } = splitFiles(sent, true)
  const bytes = checkSources(sources)
  checkAssets(assets, assetBytes)
  const files = new Map<string, string>()
  const binaries = new Map<string, string>()
  const diagnostics: Array<Diagnostic> = []
  const refuse = (file: string, text: string) =>
    diagnostics.length < 50 && diagnostics.push({ file, line: 1, column: 1, text })
  const isAsset = new Set(assets.map(([path]) => path))
  for (const [name, content] of Object.entries(sent)) {
    const read = isGenerated(name) ? { text: "" } : readContent(name, content, isAsset.has(name))
    const problem = "problem" in read ? read.problem : pathProblem(name)
    const path = normalizePath(name)
    if (problem !== undefined) refuse(name, `The path ${JSON.stringify(name.slice(0, 100))} ${problem}`)
    else if (files.has(path) || binaries.has(path)) refuse(path, `The file ${JSON.stringify(path)} was sent twice`)
    else if ("text" in read) files.set(path, read.text)
    else if ("base64" in read) binaries.set(path, read.base64)
  }
  if (diagnostics.length > 0) throw new BundleError(diagnostics)
  return { files, binaries, config, bytes }
}
