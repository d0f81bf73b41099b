import * as Result from "effect/Result"
import { slugFrom } from "../../control-plane/slug.ts"
import { type CodeTooLarge, InvalidRequest, MissingFiles } from "../../domain/Errors.ts"
import type { Changes, Env, Files } from "../../domain/Order.ts"
import { findMisspelt, refuseUnknownFields } from "./fields.ts"
import { JsonTooLarge, parseJson } from "./json.ts"
import { checkEnv } from "./project/env.ts"
import { type Refused, refuse } from "../refused.ts"
import { MAX_ASSET_BYTES, MAX_FILES } from "../../orders/build/source-limits.ts"
import { checkChanges, checkFiles, describeUnusable, readFiles } from "./project/files.ts"

export { MAX_FILES, MAX_SOURCE_BYTES } from "../../orders/build/source-limits.ts"

/**
 * The largest body that the gateway reads into memory: 4 MiB. That is enough for sources that are escaped as JSON several
 * times, and for static files in base64.
 */
export const MAX_BODY_BYTES = 4 * 1024 * 1024

/** The longest name of a request, in characters (code points). The slug made from it is shorter. */
export const MAX_NAME_LENGTH = 100

/** The decoded body of a deploy. */
export interface DeployBody {
  readonly files: Files
  readonly name: string | null
  /** Absent if there are no secrets. */
  readonly env?: Env
}

/** The decoded body of an update: files or changes of them, secrets, or both. */
export interface UpdateBody {
  readonly files: Files | null
  readonly changes?: Changes
  readonly env?: Env
}

/** Why a body is refused. */
export type BodyRefused = Refused<InvalidRequest | MissingFiles | CodeTooLarge>

/**
 * Decodes a deploy's body; `assetBytes` is the limit of static files. A malformed one fails here, before anything else happens. It is
 * no generator, because most requests come here, and a generator costs as much as these checks.
 */
export const decodeDeploy = (
  bytes: Uint8Array,
  assetBytes = MAX_ASSET_BYTES
): Result.Result<DeployBody, BodyRefused> => {
  const parsed = parse(bytes)
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const json = parsed.success
  const sent = readFiles(json)
  if (sent === undefined) return missingFiles(json)
  const body = json as object
  const known = refuseUnknownFields(body, DEPLOY_FIELDS)
  if (Result.isFailure(known)) return Result.fail(known.failure)
  const name = nameOf(body)
  if (Result.isFailure(name)) return Result.fail(name.failure)
  const files = checkFiles(sent, assetBytes, bytes.length)
  if (Result.isFailure(files)) return Result.fail(files.failure)
  return Result.map(envOf(body), (env) => ({ files: files.success, name: name.success, ...env }))
}

const DEPLOY_FIELDS = ["files", "name", "env"]

/** Returns the name of a deploy, null for none. An empty name counts as none. */
const nameOf = (json: object): Result.Result<string | null, Refused<InvalidRequest>> => {
  const name: unknown = Object.hasOwn(json, "name") ? Reflect.get(json, "name") : null
  if (name === null || name === "") return Result.succeed(null)
  if (typeof name !== "string") return invalid("name must be a string. Change it, or leave it out.")
  if (isLong(name)) {
    return invalid(`name is longer than ${MAX_NAME_LENGTH} characters. Shorten it, or leave it out.`)
  }
  return slugFrom(name) === ""
    ? invalid("name has no letter a-z and no digit. Change it, or leave it out.")
    : Result.succeed(name)
}

/** Decodes an update's body: files or changes of them, secrets, or both, and no name. */
export const decodeUpdate = (bytes: Uint8Array, assetBytes = MAX_ASSET_BYTES): Result.Result<UpdateBody, BodyRefused> =>
  Result.gen(function* () {
    const json = yield* parse(bytes)
    if (isChange(json)) return yield* decodeChange(json)
    const files = readFiles(json)
    if (files === undefined && !isEnvAlone(json)) return yield* missingFiles(json)
    yield* refuseUnknownFields(json as object, UPDATE_FIELDS)
    return {
      files: files === undefined ? null : yield* checkFiles(files, assetBytes, bytes.length),
      ...(yield* envOf(json as object))
    }
  })

const UPDATE_FIELDS = ["files", "changes", "env"]

/** Whether a body has `changes`, also unusable ones. */
const isChange = (json: unknown): json is { readonly changes: unknown } =>
  typeof json === "object" && json !== null && Object.hasOwn(json, "changes")

const decodeChange = (json: { readonly changes: unknown }): Result.Result<UpdateBody, Refused<InvalidRequest>> =>
  Result.gen(function* () {
    yield* refuseUnknownFields(json, UPDATE_FIELDS)
    if (Object.hasOwn(json, "files")) {
      return yield* invalid(
        "The body has files and changes. Send files to replace all of them, or changes to keep the others."
      )
    }
    return { files: null, changes: yield* checkChanges(json.changes), ...(yield* envOf(json)) }
  })

/** Whether a body has secrets and no `files`, not even unusable ones. */
const isEnvAlone = (json: unknown): boolean => {
  if (typeof json !== "object" || json === null || Object.hasOwn(json, "files")) return false
  const env: unknown = Object.hasOwn(json, "env") ? Reflect.get(json, "env") : undefined
  return env !== undefined && env !== null && !(typeof env === "object" && Object.keys(env).length === 0)
}

/** Returns `{env}` if the body has secrets, else `{}`. Most bodies have none. */
const envOf = (json: object): Result.Result<{ readonly env?: Env }, Refused<InvalidRequest>> =>
  Object.hasOwn(json, "env")
    ? Result.map(checkEnv(Reflect.get(json, "env")), (env) => (env === undefined ? {} : { env }))
    : Result.succeed({})

/** Whether a name has too many code points, which JSON Schema counts. It does not count those of a very long string. */
const isLong = (name: string): boolean =>
  name.length > 2 * MAX_NAME_LENGTH || (name.length > MAX_NAME_LENGTH && Array.from(name).length > MAX_NAME_LENGTH)

/** Limits of a project's JSON, far above its needs. A body beyond them is not parsed. */
const JSON_LIMITS = { depth: 100, fields: 10_000 }

const parse = (bytes: Uint8Array): Result.Result<unknown, Refused<InvalidRequest | MissingFiles>> => {
  try {
    return Result.succeed(parseJson(bytes, JSON_LIMITS))
  } catch (error) {
    return error instanceof JsonTooLarge && error.limit === "fields"
      ? invalid(`The body has more than ${JSON_LIMITS.fields} fields and lists. Send at most ${MAX_FILES} files.`)
      : refuse(MissingFiles, {
          detail: `The body is not JSON, or is nested too deeply. Send {"files": {"src/index.ts": "…"}}.`
        })
  }
}

const missingFiles = (json: unknown) =>
  refuse(MissingFiles, {
    detail:
      'files must be a JSON object with at least one path and its source text: {"files": {"src/index.ts": "…"}}.' +
      (describeUnusable(json) ?? findMisspelt(json, "files"))
  })

const invalid = (detail: string) => refuse(InvalidRequest, { detail })
