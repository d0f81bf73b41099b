import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { CodeTooLarge, InvalidRequest, type UnsupportedMediaType } from "../../domain/Errors.ts"
import { type Body, readBody } from "../request/body.ts"
import { MAX_BODY_BYTES } from "../request/decode-deploy.ts"
import { readIdempotencyKey, requireJson } from "../request/headers.ts"
import { orFail, type Refused, refuse } from "../refused.ts"
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
    idempotencyKey: yield* orFail(readIdempotencyKey(headers)),
    credential,
    preferences: headers.get("accept-payment")
  } satisfies ParsedRequest
})

/** Reads a request to its end: 415, 413, 431, 503 from `checkRate`, 400, in this order. */
export const readRequest = Effect.fnUntraced(function* (request: Request, checkRate: CheckRate) {
  const body = yield* readBody(request, MAX_BODY_BYTES)
  const { headers } = request
  const bytes = yield* orFail(acceptBody(headers, body))
  const credential = yield* readCredential(headers, checkRate)
  return yield* orFail(parse(request, headers, body, bytes, credential))
})

/** Reads a request without a credential whose body has come: 415, 413, 400, in this order, as `readRequest` does. */
export const readUnpaid = (
  request: Request,
  headers: Headers,
  body: Body
): Result.Result<ParsedRequest, Refused<UnsupportedMediaType | CodeTooLarge | InvalidRequest>> => {
  const accepted = acceptBody(headers, body)
  return Result.isFailure(accepted)
    ? Result.fail(accepted.failure)
    : parse(request, headers, body, accepted.success, undefined)
}

/** Returns the bytes of a body of JSON within the limit. */
const acceptBody = (
  headers: Headers,
  { size, bytes }: Body
): Result.Result<Uint8Array, Refused<UnsupportedMediaType | CodeTooLarge>> => {
  const isJson = size === 0 ? Result.void : requireJson(headers)
  if (Result.isFailure(isJson)) return Result.fail(isJson.failure)
  if (bytes !== undefined) return Result.succeed(bytes)
  return refuse(CodeTooLarge, {
    detail: `The body is larger than ${MAX_BODY_BYTES} bytes. Send less source.`,
    limit_bytes: MAX_BODY_BYTES
  })
}

const parse = (
  request: Request,
  headers: Headers,
  body: Body,
  bytes: Uint8Array,
  credential: string | undefined
): Result.Result<ParsedRequest, Refused<InvalidRequest>> => {
  // A request without a body and a credential asks for a quote, so its other headers do not matter.
  const key = body.size === 0 && credential === undefined ? Result.succeed(undefined) : readIdempotencyKey(headers)
  if (Result.isFailure(key)) return Result.fail(key.failure)
  if (credential !== undefined && body.size === 0) {
    return refuse(InvalidRequest, {
      detail:
        "The request has a credential and no body. Nothing was charged. Send the body that the credential pays for."
    })
  }
  return Result.succeed(new LazyRequest(request, body, bytes, key.success, credential))
}

/** Most refused requests need neither the hash nor the other two, and the platform copies a text each time it is read. */
class LazyRequest implements ParsedRequest {
  readonly #request: Request
  readonly #body: Body
  readonly bytes: Uint8Array
  readonly idempotencyKey: string | undefined
  readonly credential: string | undefined

  constructor(
    request: Request,
    body: Body,
    bytes: Uint8Array,
    idempotencyKey: string | undefined,
    credential: string | undefined
  ) {
    this.#request = request
    this.#body = body
    this.bytes = bytes
    this.idempotencyKey = idempotencyKey
    this.credential = credential
  }

  get url() {
    return this.#request.url
  }

  get sha256() {
    return this.#body.sha256
  }

  get preferences() {
    return this.#request.headers.get("accept-payment")
  }
}
