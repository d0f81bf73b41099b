import * as Effect from "effect/Effect"
import { CodeTooLarge, InvalidRequest } from "../../domain/Errors.ts"
import { readBody } from "../request/body.ts"
import { MAX_BODY_BYTES } from "../request/decode-deploy.ts"
import { readIdempotencyKey, requireJson } from "../request/headers.ts"
import type { CheckRate } from "./CredentialRateLimit.ts"
import { readCredential } from "./read-credential.ts"

/** The parts of a request that every endpoint with a credential reads the same way. */
export interface ParsedRequest {
  readonly url: string
  /** The body. Empty in a request for a quote. */
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes as received, in hexadecimal digits. */
  readonly sha256: string
  /** The client's `Idempotency-Key`, if it sent one. */
  readonly idempotencyKey: string | undefined
  /** The one credential, if there is one. A request with a credential has a body, where the endpoint takes one. */
  readonly credential: string | undefined
  /** The client's `Accept-Payment`, unparsed. */
  readonly preferences: string | null
}

/**
 * Reads a request that takes no body: 400 for a body, 431, 503 from `checkRate`, 400, in this order. It discards a body, and
 * needs no `Content-Type`.
 */
export const readBodyless = Effect.fnUntraced(function* (request: Request, checkRate: CheckRate) {
  const { headers, url, method } = request
  const body = yield* readBody(request, 0)
  if (body.size > 0) {
    return yield* new InvalidRequest({ detail: `${method} takes no body here. Send the request again without one.` })
  }
  const credential = yield* readCredential(headers, checkRate)
  return {
    url,
    bytes: new Uint8Array(),
    sha256: body.sha256,
    idempotencyKey: yield* readIdempotencyKey(headers),
    credential,
    preferences: headers.get("accept-payment")
  } satisfies ParsedRequest
})

/** Reads a request to its end: 415, 413, 431, 503 from `checkRate`, 400, in this order. */
export const readRequest = Effect.fnUntraced(function* (request: Request, checkRate: CheckRate) {
  const { headers, url } = request
  const body = yield* readBody(request, MAX_BODY_BYTES)
  if (body.size > 0) yield* requireJson(headers)
  if (body.bytes === undefined) {
    return yield* new CodeTooLarge({
      detail: `The body is larger than ${MAX_BODY_BYTES} bytes. Send less source.`,
      limit_bytes: MAX_BODY_BYTES
    })
  }
  const credential = yield* readCredential(headers, checkRate)
  // A request without a body and a credential asks for a quote, so its other headers do not matter.
  const idempotencyKey = body.size === 0 && credential === undefined ? undefined : yield* readIdempotencyKey(headers)
  if (credential !== undefined && body.size === 0) {
    return yield* new InvalidRequest({
      detail:
        "The request has a credential and no body. Nothing was charged. Send the body that the credential pays for."
    })
  }
  return {
    url,
    bytes: body.bytes,
    get sha256() {
      return body.sha256
    },
    idempotencyKey,
    credential,
    preferences: headers.get("accept-payment")
  } satisfies ParsedRequest
})
