import * as Effect from "effect/Effect"
import { InvalidRequest } from "../../../domain/Errors.ts"

/** The longest `If-Match` that is parsed, in characters. A tag of the gateway has 66. */
const MAX_LENGTH = 4096

/**
 * Reads `If-Match` (RFC 9110, 13.1.1): `*`, or entity tags between quotes, separated by commas. A weak tag stays in the list and
 * never matches, because the comparison is strong. Returns no field if the header is absent.
 */
export const readIfMatch = Effect.fnUntraced(function* (headers: Headers) {
  const value = headers.get("if-match")?.trim()
  if (value === undefined) return {}
  if (value === "*") return { ifMatch: "*" as const }
  const tags = value.length > MAX_LENGTH ? [] : value.split(",").map((tag) => tag.trim())
  if (tags.length > 0 && tags.every((tag) => /^(W\/)?"[\x21\x23-\x7e]*"$/.test(tag))) return { ifMatch: tags }
  return yield* new InvalidRequest({
    detail: 'If-Match must be * or entity tags between quotes: the ETag of GET …/files, unchanged, for example "0a1b…".'
  })
})
