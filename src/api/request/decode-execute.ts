import * as Effect from "effect/Effect"
import { CodeTooLarge, InvalidRequest } from "../../domain/Errors.ts"
import type { Files } from "../../domain/Order.ts"
import { misspelt, refuseUnknownFields } from "./fields.ts"
import { JsonTooLarge, parseJson } from "./json.ts"
import { maxBodyBytes, maxSourceBytes } from "./decode-deploy.ts"
import { overflowIn } from "./overflow.ts"

/** A body of `/execute` that was found in order: the code as a project of one file, and its input as the text of a JSON value. */
export interface Program {
  readonly files: Files
  /** Null where there is none; `null` itself is an input. */
  readonly input: string | null
}

/** An input is any JSON value, as long as it can be parsed, and written again, in some milliseconds. */
const jsonLimits = { depth: 500, fields: 200_000 }

const tooLarge = {
  depth: `input is nested more than ${jsonLimits.depth} deep. Send it flatter, or as a string.`,
  fields: `input has more than ${jsonLimits.fields} fields and lists. Send longer lists in their place, or a string.`
}

const shape = '{"code": "export function run(input) { … }", "input": …}'

/** Decodes the body of `/execute`. Nothing else happens for one that is not in order. */
export const decodeExecute = Effect.fn("Gateway.decodeExecute")(function* (bytes: Uint8Array) {
  const json = yield* Effect.try({
    try: () => parseJson(bytes, jsonLimits),
    catch: (error) =>
      new InvalidRequest({
        detail: error instanceof JsonTooLarge ? tooLarge[error.limit] : `The body is not JSON. Send ${shape}.`
      })
  })
  const code = ownField(json, "code")
  if (typeof code !== "string" || code.trim() === "") {
    return yield* new InvalidRequest({
      detail: `code must be the source of a module, as a string: ${shape}.${misspelt(json, "code")}`
    })
  }
  yield* refuseUnknownFields(json as object, ["code", "input"])
  const size = Buffer.byteLength(code)
  if (size > maxSourceBytes) {
    return yield* new CodeTooLarge({
      detail: `The code is ${size} bytes of UTF-8; at most ${maxSourceBytes} are taken. Leave out what is not needed.`,
      limit_bytes: maxSourceBytes
    })
  }
  return { files: { "index.ts": code }, input: yield* textOf(ownField(json, "input")) } satisfies Program
})

/** An input as the text of a JSON value; null for none. */
const textOf = Effect.fnUntraced(function* (input: unknown) {
  if (input === undefined) return null
  const overflow = overflowIn(input)
  if (overflow !== undefined) {
    return yield* new InvalidRequest({
      detail: `A number is too large for JavaScript, which would turn it into null: ${overflow}. Send it as a string.`
    })
  }
  const text = yield* Effect.try({
    try: () => JSON.stringify(input),
    catch: () => new InvalidRequest({ detail: tooLarge.depth })
  })
  // Numbers may be written shorter than JSON.stringify does; an order's object takes no message of more than 32 MiB.
  if (Buffer.byteLength(text) > maxBodyBytes) {
    return yield* new CodeTooLarge({
      detail: `The input is more than ${maxBodyBytes} bytes as JSON, with its numbers in full. Send less.`,
      limit_bytes: maxBodyBytes
    })
  }
  return text
})

const ownField = (json: unknown, name: string): unknown =>
  typeof json === "object" && json !== null && Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined
