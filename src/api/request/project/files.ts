import * as Effect from "effect/Effect"
import { base64Length, isBase64, LIMITS, normalizePath, splitFiles } from "../../../bundler/index.ts"
import { CodeTooLarge, InvalidRequest } from "../../../domain/Errors.ts"
import type { FileContent, Files } from "../../../domain/Order.ts"

/** The most source of a request: 512,000 bytes (500 × 1024) of UTF-8, paths not counted, inclusive. */
export const MAX_SOURCE_BYTES = LIMITS.sourceBytes

/** The most files of source. esbuild's memory grows with their number as well as with their bytes. */
export const MAX_FILES = LIMITS.files

/** The most static files, beside the source. */
export const MAX_ASSETS = 1000

/** The most bytes of static files, beside the source, where `ASSET_LIMIT` is not set: 2 MiB. */
export const MAX_ASSET_BYTES = 2 * 1024 * 1024

/** Whether a value is the content of a file: a text, or an object whose only field is `base64`. */
const isContent = (value: unknown): value is FileContent =>
  typeof value === "string" ||
  (typeof value === "object" &&
    value !== null &&
    Object.keys(value).join() === "base64" &&
    typeof (value as { readonly base64: unknown }).base64 === "string")

/** Whether a parsed JSON value has usable `files`: at least one path, and a content for each. */
export const hasFiles = (json: unknown): json is { readonly files: Files } => {
  const files = filesOf(json)
  return files !== undefined && Object.keys(files).length > 0 && Object.values(files).every(isContent)
}

/** Returns a sentence about the first file without a usable content, because agents send package.json as an object. */
export const describeUnusable = (json: unknown): string | undefined => {
  const files = filesOf(json) ?? {}
  const path = Object.keys(files).find((path) => !isContent(Reflect.get(files, path)))
  return path === undefined
    ? undefined
    : ` The value of ${quoted(path)} is not a string. Send the file's text as a string, also for a JSON file; ` +
        `send bytes as {"base64": "…"}.`
}

const filesOf = (json: unknown): object | undefined => {
  const files = typeof json === "object" && json !== null && Object.hasOwn(json, "files") && Reflect.get(json, "files")
  return typeof files === "object" && files !== null && !Array.isArray(files) ? files : undefined
}

/** Returns the files under their normal paths, within the limits. */
export const checkFiles = Effect.fnUntraced(function* (given: Files, assetBytes: number) {
  const entries = Object.entries(given)
  for (const [path, content] of entries) {
    if (typeof content !== "string" && !isBase64(content.base64)) {
      return yield* new InvalidRequest({
        detail: `The file ${quoted(path)} is not base64. Encode its bytes with the alphabet A-Z a-z 0-9 + /, with padding, without line breaks.`
      })
    }
  }
  const { sources, assets } = split(given)
  const excess = findExcessSource(sources) ?? findExcessAssets(assets, assetBytes)
  if (excess !== undefined) return yield* excess
  const files = new Map<string, FileContent>()
  for (const [path, content] of entries) {
    const normal = normalize(path)
    if (typeof normal !== "string") return yield* normal
    if (files.has(normal)) return yield* badPath(path, "names the same file as another path")
    files.set(normal, content)
  }
  // fromEntries defines own properties. A file may be called __proto__.
  return Object.fromEntries(files) as Files
})

type Entries = ReadonlyArray<readonly [path: string, content: FileContent]>

/** Splits files as the bundler does, which checks the limits again. It refuses a configuration that it cannot read later. */
const split = (files: Files): { readonly sources: Entries; readonly assets: Entries } => {
  try {
    return splitFiles(files)
  } catch {
    const isAsset = (path: string): boolean => /^(\.?\/)*(public|dist)\//.test(path)
    const entries = Object.entries(files)
    return {
      sources: entries.filter(([path]) => !isAsset(path)),
      assets: entries.filter(([path]) => isAsset(path))
    }
  }
}

const bytesOf = (entries: Entries): number =>
  entries.reduce(
    (sum, [, content]) =>
      sum + (typeof content === "string" ? Buffer.byteLength(content) : base64Length(content.base64)),
    0
  )

const findExcessSource = (entries: Entries): InvalidRequest | CodeTooLarge | undefined => {
  if (entries.length > MAX_FILES) {
    return new InvalidRequest({
      detail: `The project has ${entries.length} files. The limit is ${MAX_FILES}. Leave out what is not needed.`
    })
  }
  const size = bytesOf(entries)
  if (size > MAX_SOURCE_BYTES) {
    return new CodeTooLarge({
      detail: `The sources have ${size} bytes of UTF-8. The limit is ${MAX_SOURCE_BYTES}. Leave out what is not needed.`,
      limit_bytes: MAX_SOURCE_BYTES
    })
  }
  return undefined
}

const findExcessAssets = (entries: Entries, limit: number): InvalidRequest | CodeTooLarge | undefined => {
  if (entries.length > MAX_ASSETS) {
    return new InvalidRequest({
      detail: `The project has ${entries.length} static files. The limit is ${MAX_ASSETS}. Leave out what is not needed.`
    })
  }
  const size = bytesOf(entries)
  if (size > limit) {
    return new CodeTooLarge({
      detail: `The static files have ${size} bytes. The limit is ${limit}. Leave out what is not needed.`,
      limit_bytes: limit
    })
  }
  return undefined
}

const quoted = (path: string): string => JSON.stringify(path.slice(0, 100))

const badPath = (path: string, problem: string) =>
  new InvalidRequest({ detail: `The path ${quoted(path)} ${problem}.` })

/** Returns a path without empty and `.` segments, or its problem. */
const normalize = (path: string): string | InvalidRequest => {
  if (path.length > LIMITS.pathLength) return badPath(path, `is longer than ${LIMITS.pathLength} characters`)
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u001f\u007f]/.test(path)) return badPath(path, "must not contain control characters")
  if (path.includes("\\")) return badPath(path, "must not contain a backslash; separate folders with /")
  if (path.startsWith("/") || /^[a-z]:/i.test(path))
    return badPath(path, "must not be absolute; paths are relative to the project")
  const normal = normalizePath(path)
  if (normal.split("/").includes("..")) return badPath(path, "must not contain '..'")
  if (normal === "" || path.endsWith("/")) return badPath(path, "must name a file")
  return normal
}
