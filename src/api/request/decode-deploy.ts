import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { LIMITS, normalizePath } from "../../bundler/index.ts"
import { slugFrom } from "../../control-plane/slug.ts"
import { CodeTooLarge, InvalidRequest, MissingFiles } from "../../domain/Errors.ts"
import type { Files } from "../../domain/Order.ts"
import { findMisspelt, refuseUnknownFields } from "./fields.ts"
import { JsonTooLarge, parseJson } from "./json.ts"

/** The most source of a request: 512,000 bytes (500 × 1024) of UTF-8, paths not counted, inclusive. */
export const MAX_SOURCE_BYTES = LIMITS.sourceBytes

/** The largest body that the gateway reads into memory: 4 MiB, enough for sources that are escaped as JSON several times. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024

/** The most files. esbuild's memory grows with their number as well as with their bytes. */
export const MAX_FILES = LIMITS.files

/** The longest name of a request, in characters (code points). The slug made from it is shorter. */
export const MAX_NAME_LENGTH = 100

const HasFiles = Schema.Struct({ files: Schema.Record(Schema.String, Schema.String).check(Schema.isMinProperties(1)) })
const HasName = Schema.Struct({ name: Schema.optionalKey(Schema.NullOr(Schema.String)) })

const isFiles = Schema.is(HasFiles)
const isName = Schema.is(HasName)

/** The decoded body of a deploy. */
export interface DeployBody {
  readonly files: Files
  readonly name: string | null
}

/** Decodes a deploy's body. A malformed one fails here, before anything else happens. */
export const decodeDeploy = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const json = yield* parse(bytes, ["files", "name"])
  if (!isName(json)) return yield* new InvalidRequest({ detail: "name must be a string. Change it, or leave it out." })
  // An empty name counts as no name.
  const name = json.name || null
  if (name !== null && isLong(name)) {
    return yield* new InvalidRequest({
      detail: `name is longer than ${MAX_NAME_LENGTH} characters. Shorten it, or leave it out.`
    })
  }
  if (name !== null && slugFrom(name) === "") {
    return yield* new InvalidRequest({ detail: "name has no letter a-z and no digit. Change it, or leave it out." })
  }
  return { files: yield* checkFiles(json.files), name } satisfies DeployBody
})

/** Decodes an update's body: files, and no name. */
export const decodeUpdate = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const json = yield* parse(bytes, ["files"])
  return yield* checkFiles(json.files)
})

/** Whether a name has too many code points, which JSON Schema counts. It does not count those of a very long string. */
const isLong = (name: string): boolean =>
  name.length > 2 * MAX_NAME_LENGTH || (name.length > MAX_NAME_LENGTH && Array.from(name).length > MAX_NAME_LENGTH)

/** Returns the files under their normal paths, within the limits. */
const checkFiles = Effect.fnUntraced(function* (given: Files) {
  const entries = Object.entries(given)
  if (entries.length > MAX_FILES) {
    return yield* new InvalidRequest({
      detail: `The project has ${entries.length} files. The limit is ${MAX_FILES}. Leave out what is not needed.`
    })
  }
  const size = entries.reduce((sum, [, source]) => sum + Buffer.byteLength(source), 0)
  if (size > MAX_SOURCE_BYTES) {
    return yield* new CodeTooLarge({
      detail: `The sources have ${size} bytes of UTF-8. The limit is ${MAX_SOURCE_BYTES}. Leave out what is not needed.`,
      limit_bytes: MAX_SOURCE_BYTES
    })
  }
  const files = new Map<string, string>()
  for (const [path, source] of entries) {
    const normal = normalize(path)
    if (typeof normal !== "string") return yield* normal
    if (files.has(normal)) return yield* badPath(path, "names the same file as another path")
    files.set(normal, source)
  }
  // fromEntries defines own properties. A file may be called __proto__.
  return Object.fromEntries(files) as Files
})

/** Limits of a project's JSON, far above its needs. A body beyond them is not parsed. */
const JSON_LIMITS = { depth: 100, fields: 10_000 }

/** Parses a body as a JSON object with usable files and no field except `known`. */
const parse = Effect.fnUntraced(function* (bytes: Uint8Array, known: ReadonlyArray<string>) {
  const json = yield* Effect.try({
    try: () => parseJson(bytes, JSON_LIMITS),
    catch: (error) =>
      error instanceof JsonTooLarge && error.limit === "fields"
        ? new InvalidRequest({
            detail: `The body has more than ${JSON_LIMITS.fields} fields and lists. Send at most ${MAX_FILES} files.`
          })
        : new MissingFiles({
            detail: `The body is not JSON, or is nested too deeply. Send {"files": {"src/index.ts": "…"}}.`
          })
  })
  if (!isFiles(json)) {
    return yield* new MissingFiles({
      detail:
        'files must be a JSON object with at least one path and its source text: {"files": {"src/index.ts": "…"}}.' +
        (notText(json) ?? findMisspelt(json, "files"))
    })
  }
  yield* refuseUnknownFields(json, known)
  return json
})

/** Returns a sentence about the first file whose source is no string, because agents send package.json as an object. */
const notText = (json: unknown): string | undefined => {
  const files = typeof json === "object" && json !== null && "files" in json ? json.files : undefined
  if (typeof files !== "object" || files === null || Array.isArray(files)) return undefined
  const path = Object.keys(files).find((path) => typeof Reflect.get(files, path) !== "string")
  return path === undefined
    ? undefined
    : ` The value of ${JSON.stringify(path.slice(0, 100))} is not a string. Send the file's text as a string, also for a JSON file.`
}

const badPath = (path: string, problem: string) =>
  new InvalidRequest({ detail: `The path ${JSON.stringify(path.slice(0, 100))} ${problem}.` })

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
