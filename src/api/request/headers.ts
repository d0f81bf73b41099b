import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import { InvalidRequest, UnsupportedMediaType } from "../../domain/Errors.ts"
import { type Refused, refuse } from "../refused.ts"

/** Sets headers of the response. Errors need this, because the API definition renders them without headers. */
export const setHeaders = (headers: Readonly<Record<string, string>>) =>
  HttpEffect.appendPreResponseHandler((_request, response) =>
    Effect.succeed(HttpServerResponse.setHeaders(response, headers))
  )

/**
 * Returns the client's `Idempotency-Key`, unchanged: 1 to 255 printable ASCII characters. `undefined` if the header is absent.
 */
export const readIdempotencyKey = (headers: Headers): Result.Result<string | undefined, Refused<InvalidRequest>> => {
  const value = headers.get("idempotency-key")
  if (value === null) return Result.succeed(undefined)
  if (value.length <= 255 && /^[\x20-\x7e]{1,255}$/.test(value) && value.trim() !== "") return Result.succeed(value)
  return refuse(InvalidRequest, {
    detail: "Idempotency-Key must be 1 to 255 printable ASCII characters. Send a UUID, for example."
  })
}

/** The longest `Content-Type` that the gateway parses, in characters. It knows no longer type. */
const MAX_TYPE_LENGTH = 1000

/** Requires `Content-Type` JSON or none, and no `Content-Encoding`. */
export const requireJson = (headers: Headers): Result.Result<void, Refused<UnsupportedMediaType>> => {
  const coding = headers.get("content-encoding")
  if (coding !== null && (coding.length > MAX_TYPE_LENGTH || coding.trim().toLowerCase() !== "identity")) {
    return unsupported("Content-Encoding is not supported. Send the body uncompressed.")
  }
  const type = headers.get("content-type")
  if (type === null || type === "application/json") return Result.void
  if (type.length <= MAX_TYPE_LENGTH && /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type.trim()))
    return Result.void
  return unsupported("The body must be JSON. Send it with Content-Type: application/json.")
}

const unsupported = (detail: string) => refuse(UnsupportedMediaType, { detail })
