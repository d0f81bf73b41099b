import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { InvalidRequest } from "../../domain/Errors.ts"
import { toAuthorization } from "../../payment/mcp-binding.ts"
import { findOverflow } from "../request/overflow.ts"
import type { Tool } from "./tools.ts"

/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>

/** The field of `_meta` that is the header `Idempotency-Key` in HTTP. */
export const KEY_FIELD = "idempotency-key"

/** The fields of `_meta` that are headers in HTTP. */
export interface CallMeta {
  readonly credential: unknown
  readonly key: unknown
}

/** The headers of the client that count for the call as well: its address, by which credentials are limited, and its methods. */
const FORWARDED = ["cf-connecting-ip", "accept-payment"]

const isId = (value: unknown): value is string => Predicate.isString(value) && /^[\w-]{1,100}$/.test(value)

/**
 * Makes the HTTP request that the call of a tool stands for. Its body is `JSON.stringify` of the arguments, without those in
 * the path and in a header. Arguments that no request can carry fail here, and everything else is the endpoint's to check.
 *
 * @param outer the request that brought the call
 */
export const toRequest = Effect.fnUntraced(function* (tool: Tool, args: Fields, meta: CallMeta, outer: Request) {
  const { deployment_id: id, ...others } = args
  const isOnDeployment = tool.path.includes("{deployment_id}")
  if (isOnDeployment && !isId(id)) {
    return yield* new InvalidRequest({
      detail: "deployment_id must be the id of a deployment, dep_…, as deploy answered it."
    })
  }
  const given = isOnDeployment ? others : args
  const { [tool.header?.argument ?? ""]: header, ...rest } = given
  const fields = tool.header === undefined ? given : rest
  const url = new URL(tool.path.replace("{deployment_id}", String(id)), outer.url)
  yield* tool.takesBody ? checkNumbers(fields) : setQuery(tool, fields, url)
  const headers = new Headers({ "content-type": "application/json" })
  for (const name of FORWARDED) {
    const value = outer.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  const { credential, key } = meta
  if (credential !== undefined) headers.set("authorization", yield* toAuthorization(credential))
  if (key !== undefined) headers.set("idempotency-key", yield* checkText(`_meta["${KEY_FIELD}"]`, key))
  if (tool.header !== undefined && header !== undefined) {
    headers.set(tool.header.name, yield* checkText(tool.header.argument, header))
  }
  return new Request(url, { method: tool.method, headers, ...(tool.takesBody && { body: JSON.stringify(fields) }) })
})

/** Refuses numbers that `JSON.stringify` writes as null, because null removes a file. */
const checkNumbers = (fields: Fields): Effect.Effect<void, InvalidRequest> => {
  const overflow = findOverflow(fields)
  return overflow === undefined
    ? Effect.void
    : new InvalidRequest({
        detail: `A number is too large for JavaScript, which would turn it into null: ${overflow}. Send it as a string.`
      })
}

/** Puts the tool's parameter into the query, and refuses every other argument. */
const setQuery = ({ query }: Tool, fields: Fields, url: URL): Effect.Effect<void, InvalidRequest> => {
  const names = Object.keys(fields).filter((name) => name !== query?.name)
  if (names.length > 0) {
    const detail = `Unknown arguments: ${names.slice(0, 3).join(", ").slice(0, 200)}. tools/list has those of the tool.`
    return new InvalidRequest({ detail })
  }
  const value = query && fields[query.name]
  if (query === undefined || value === undefined) return Effect.void
  // An object may have no text: its `toString` is a field that the client has sent.
  if (!Predicate.isString(value)) return new InvalidRequest({ detail: `${query.name} must be a string.` })
  url.searchParams.set(query.name, value.slice(0, 1000))
  return Effect.void
}

/** Checks that a header can carry a text. `name` is that of the argument. */
const checkText = (name: string, text: unknown): Effect.Effect<string, InvalidRequest> =>
  Predicate.isString(text) && /^[\x20-\x7e]{1,255}$/.test(text)
    ? Effect.succeed(text)
    : new InvalidRequest({
        detail: `${name} must be 1 to 255 printable ASCII characters${name.startsWith("_meta") ? ". Send a UUID, for example." : "."}`
      })
