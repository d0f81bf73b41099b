import * as Result from "effect/Result"
import { isBase64 } from "../../../bundler/files/base64.ts"
import { LIMITS } from "../../../bundler/limits.ts"
import { segmentsOf } from "../../../bundler/project/paths.ts"
import { type CodeTooLarge, InvalidRequest } from "../../../domain/Errors.ts"
import type { Changes, FileContent, Files } from "../../../domain/Order.ts"
import { findExcess } from "../../../orders/build/source-limits.ts"
import { type Refused, refuse, refuseBy } from "../../refused.ts"

/** Whether a value is the content of a file: a text, or an object whose only field is `base64`. */
const isContent = (value: unknown): value is FileContent =>
  typeof value === "string" ||
  (typeof value === "object" &&
    value !== null &&
    Object.keys(value).join() === "base64" &&
    typeof (value as { readonly base64: unknown }).base64 === "string")

/** Files as they were sent: paths and contents. */
type Entries<A> = ReadonlyArray<readonly [path: string, content: A]>

/** Returns the `files` of a parsed JSON value, if they are usable: at least one path, and a content for each. */
export const readFiles = (json: unknown): Entries<FileContent> | undefined => {
  const files = filesOf(json)
  if (files === undefined) return undefined
  const entries = Object.entries(files)
  return entries.length > 0 && entries.every(hasContent) ? entries : undefined
}

const hasContent = (entry: readonly [path: string, content: unknown]): entry is [string, FileContent] =>
  isContent(entry[1])

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

/**
 * Returns the files under their normal paths, within the limits.
 *
 * @param bodyBytes the size of the JSON that they came in. In UTF-8 they are no larger, because an escape has more bytes than its character.
 */
export const checkFiles = (
  entries: Entries<FileContent>,
  assetBytes: number,
  bodyBytes: number
): Result.Result<Files, Refused<InvalidRequest | CodeTooLarge>> => {
  const problem = findNoBase64(entries) ?? findExcess(entries, assetBytes, bodyBytes)
  return problem === undefined ? normalizePaths(entries) : refuseBy(problem)
}

const CHANGES_SHAPE = '{"changes": {"src/index.ts": "…", "logo.png": {"base64": "…"}, "old.ts": null}}'

/** Returns the changes of a body under their normal paths. The order checks the limits of the whole. */
export const checkChanges = (given: unknown): Result.Result<Changes, Refused<InvalidRequest>> => {
  if (typeof given !== "object" || given === null || Array.isArray(given) || Object.keys(given).length === 0) {
    return invalid(`changes must be an object with at least one path: ${CHANGES_SHAPE}.`)
  }
  const unusable = Object.entries(given).find(([, content]) => content !== null && !isContent(content))
  if (unusable !== undefined) {
    return invalid(
      `The value of ${quoted(unusable[0])} in changes is neither a string, nor bytes, nor null: ${CHANGES_SHAPE}.`
    )
  }
  const entries = Object.entries(given as Changes)
  const problem = findNoBase64(entries)
  return problem === undefined ? normalizePaths(entries) : refuseBy(problem)
}

const findNoBase64 = (entries: Entries<FileContent | null>): InvalidRequest | undefined => {
  for (const [path, content] of entries) {
    if (typeof content === "object" && content !== null && !isBase64(content.base64)) {
      return new InvalidRequest({
        detail: `The file ${quoted(path)} is not base64. Encode its bytes with the alphabet A-Z a-z 0-9 + /, with padding, without line breaks.`
      })
    }
  }
  return undefined
}

const normalizePaths = <A>(
  entries: Entries<A>
): Result.Result<Readonly<Record<string, A>>, Refused<InvalidRequest>> => {
  // A map, because a file may be called __proto__. `Object.fromEntries` of it defines own properties.
  const files = new Map<string, A>()
  for (const [path, content] of entries) {
    const normal = normalize(path)
    if (Result.isFailure(normal)) return Result.fail(normal.failure)
    if (files.has(normal.success)) return badPath(path, "names the same file as another path")
    files.set(normal.success, content)
  }
  return Result.succeed(Object.fromEntries(files))
}

const quoted = (path: string): string => JSON.stringify(path.slice(0, 100))

const invalid = (detail: string) => refuse(InvalidRequest, { detail })

const badPath = (path: string, problem: string) => invalid(`The path ${quoted(path)} ${problem}.`)

/** Returns a path without empty and `.` segments, or its problem. */
const normalize = (path: string): Result.Result<string, Refused<InvalidRequest>> => {
  if (path.length > LIMITS.pathLength) return badPath(path, `is longer than ${LIMITS.pathLength} characters`)
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u001f\u007f\\]|^\/|^[a-z]:/i.test(path)) return badPath(path, describeForbidden(path))
  const segments = segmentsOf(path)
  if (segments.includes("..")) return badPath(path, "must not contain '..'")
  if (segments.length === 0 || path.endsWith("/")) return badPath(path, "must name a file")
  return Result.succeed(segments.join("/"))
}

/** Says which part of a path is forbidden. */
const describeForbidden = (path: string): string => {
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u001f\u007f]/.test(path)) return "must not contain control characters"
  return path.includes("\\")
    ? "must not contain a backslash; separate folders with /"
    : "must not be absolute; paths are relative to the project"
}
