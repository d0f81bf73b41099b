import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { InvalidRequest, UnsupportedMediaType } from "../../domain/Errors.ts"

/** Sets headers of the response to come, whichever it will be: an error renders through the API definition and has none of its own. */
export const setHeaders = (headers: Readonly<Record<string, string>>) =>
  HttpEffect.appendPreResponseHandler((_request, response) =>
    Effect.succeed(HttpServerResponse.setHeaders(response, headers))
  )

/**
 * The client's `Idempotency-Key`: 1 to 255 printable ASCII characters, taken as they are.
 * `undefined` where the header is absent.
 */
export const readIdempotencyKey = Effect.fnUntraced(function* (headers: Headers) {
  const value = headers.get("idempotency-key")
  if (value === null) return undefined
  if (value.length <= 255 && /^[\x20-\x7e]{1,255}$/.test(value) && value.trim() !== "") return value
  return yield* new InvalidRequest({
    detail: "Idempotency-Key must be 1 to 255 printable ASCII characters. Send a UUID, for example."
  })
})

/** The most characters of a `Content-Type` that are looked at; longer ones name no type of ours. */
const MAX_TYPE_LENGTH = 1000

/** A body has to say that it is JSON, or nothing at all; and it has to be that, not something packed. */
export const requireJson = Effect.fnUntraced(function* (headers: Headers) {
  const coding = headers.get("content-encoding")
  if (coding !== null && (coding.length > MAX_TYPE_LENGTH || coding.trim().toLowerCase() !== "identity")) {
    return yield* new UnsupportedMediaType({ detail: "Content-Encoding is not supported. Send the body uncompressed." })
  }
  const type = headers.get("content-type")
  if (type === null) return
  if (type.length <= MAX_TYPE_LENGTH && /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type.trim())) return
  return yield* new UnsupportedMediaType({
    detail: "The body must be JSON. Send it with Content-Type: application/json."
  })
})
