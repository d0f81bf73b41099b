import * as Result from "effect/Result"
import { CodeTooLarge, InvalidRequest } from "../../domain/Errors.ts"
import type { Files } from "../../domain/Order.ts"
import { findMisspelt, refuseUnknownFields } from "./fields.ts"
import { JsonTooLarge, parseJson } from "./json.ts"
import { MAX_BODY_BYTES, MAX_SOURCE_BYTES } from "./decode-deploy.ts"
import { findOverflow } from "./overflow.ts"
import { Refused, refuse } from "../refused.ts"

/** The decoded body of `/execute`: the code as a project of one file, and its input as the text of a JSON value. */
export interface ExecuteBody {
  readonly files: Files
  /** Null for no input. The text `null` is an input. */
  readonly input: string | null
}

/** Limits of an input's JSON, so that it can be parsed and written again in some milliseconds. */
const JSON_LIMITS = { depth: 500, fields: 200_000 }

const TOO_LARGE = {
  depth: `input is nested more than ${JSON_LIMITS.depth} levels deep. Send it flatter, or as a string.`,
  fields: `input has more than ${JSON_LIMITS.fields} fields and lists. Send fewer and longer lists, or a string.`
}

const SHAPE = '{"code": "export function run(input) { … }", "input": …}'

/** Decodes the body of `/execute`. A malformed one fails here, before anything else happens. */
export const decodeExecute = (bytes: Uint8Array): Result.Result<ExecuteBody, Refused<InvalidRequest | CodeTooLarge>> =>
  Result.gen(function* () {
    const json = yield* Result.try({
      try: () => parseJson(bytes, JSON_LIMITS),
      catch: (error) =>
        new Refused<InvalidRequest>(InvalidRequest, {
          detail: error instanceof JsonTooLarge ? TOO_LARGE[error.limit] : `The body is not JSON. Send ${SHAPE}.`
        })
    })
    const code = ownField(json, "code")
    if (typeof code !== "string" || code.trim() === "") {
      return yield* invalid(`code must be the source of a module, as a string: ${SHAPE}.${findMisspelt(json, "code")}`)
    }
    yield* refuseUnknownFields(json as object, ["code", "input"])
    const size = Buffer.byteLength(code)
    if (size > MAX_SOURCE_BYTES) {
      return yield* tooLarge(
        `The code has ${size} bytes of UTF-8. The limit is ${MAX_SOURCE_BYTES}. Leave out what is not needed.`,
        MAX_SOURCE_BYTES
      )
    }
    return { files: { "index.ts": code }, input: yield* textOf(ownField(json, "input")) }
  })

/** Returns an input as the text of a JSON value; null if there is none. */
const textOf = (input: unknown): Result.Result<string | null, Refused<InvalidRequest | CodeTooLarge>> =>
  Result.gen(function* () {
    if (input === undefined) return null
    const overflow = findOverflow(input)
    if (overflow !== undefined) {
      return yield* invalid(
        `The number at ${overflow} is too large for JavaScript, which would turn it into null. Send it as a string.`
      )
    }
    const text = yield* Result.try({
      try: () => JSON.stringify(input),
      catch: () => new Refused<InvalidRequest>(InvalidRequest, { detail: TOO_LARGE.depth })
    })
    // A client may write numbers shorter than JSON.stringify does, and an order's object takes messages of at most 32 MiB.
    if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
      return yield* tooLarge(
        `input is larger than ${MAX_BODY_BYTES} bytes when it is written as JSON with its numbers in full. Send less.`,
        MAX_BODY_BYTES
      )
    }
    return text
  })

const invalid = (detail: string) => refuse(InvalidRequest, { detail })

const tooLarge = (detail: string, limit: number) => refuse(CodeTooLarge, { detail, limit_bytes: limit })

const ownField = (json: unknown, name: string): unknown =>
  typeof json === "object" && json !== null && Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined
