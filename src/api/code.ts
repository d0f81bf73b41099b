import * as Effect from "effect/Effect"
import { CodeTooLarge, InvalidRequest } from "../domain/Errors.ts"
import type { Files } from "../domain/Order.ts"
import { maxBodyBytes, maxSourceBytes } from "./files.ts"

/** A body of `/execute` that was found in order: the code as a project of one file, and its input as the text of a JSON value. */
export interface Program {
  readonly files: Files
  /** Null where there is none; `null` itself is an input. */
  readonly input: string | null
}

const shape = '{"code": "export function run(input) { … }", "input": …}'

/** Decodes the body of `/execute`. Nothing else happens for one that is not in order. */
export const decodeCode = Effect.fn("Gateway.decodeCode")(function* (bytes: Uint8Array) {
  const json = yield* Effect.try({
    try: (): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)),
    catch: () => new InvalidRequest({ detail: `The body is not JSON. Send ${shape}.` })
  })
  const code = ownField(json, "code")
  if (typeof code !== "string" || code.trim() === "") {
    return yield* new InvalidRequest({ detail: `code must be the source of a module, as a string: ${shape}.` })
  }
  const size = Buffer.byteLength(code)
  if (size > maxSourceBytes) {
    return yield* new CodeTooLarge({
      detail: `The code is ${size} bytes of UTF-8; at most ${maxSourceBytes} are taken. Leave out what is not needed.`,
      limit_bytes: maxSourceBytes
    })
  }
  const input = ownField(json, "input")
  const text = input === undefined ? null : JSON.stringify(input)
  // Numbers may be written shorter than JSON.stringify does; an order's object takes no message of more than 32 MiB.
  if (text !== null && Buffer.byteLength(text) > maxBodyBytes) {
    return yield* new CodeTooLarge({
      detail: `The input is more than ${maxBodyBytes} bytes as JSON, with its numbers in full. Send less.`,
      limit_bytes: maxBodyBytes
    })
  }
  return { files: { "index.ts": code }, input: text } satisfies Program
})

const ownField = (json: unknown, name: string): unknown =>
  typeof json === "object" && json !== null && Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined
