import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import type { Settings } from "../../config.ts"
import {
  CodeTooLarge,
  DeployFailed,
  ExecuteFailed,
  Internal,
  InvalidRequest,
  MethodUnsupported,
  NotConfigured,
  OrderInProgress,
  PaymentPending,
  PaymentRequired
} from "../../domain/Errors.ts"
import { purchaseKey } from "../../domain/Order.ts"
import { type Offer, offersIn } from "../../payment/service-offers.ts"
import type { PaymentRejected, PaymentService, Terms } from "../../payment/PaymentService.ts"
import { acceptsPayment } from "../request/content-negotiation.ts"
import { readBody } from "../request/body.ts"
import { readCredential } from "./credential.ts"
import { maxBodyBytes } from "../request/decode-deploy.ts"
import { idempotencyKey, requireJson, setHeaders } from "../request/headers.ts"
import type { Admit } from "./CredentialRateLimit.ts"

/** A request for something that is paid for, or proved: read to its end and in order, as far as it says the same everywhere. */
export interface Call {
  /** Empty in a request for a quote. */
  readonly bytes: Uint8Array
  /** Hexadecimal digits, of the bytes as they came. */
  readonly sha256: string
  /** The client's `Idempotency-Key`, if it has one. */
  readonly header: string | undefined
  /** The one credential, if there is one. */
  readonly credential: string | undefined
}

/** Reads a call: 415, 413, 431, 503 for a client that `admit` refuses, 400, in this order. */
export const readCall = Effect.fnUntraced(function* (request: Request, admit: Admit) {
  const { headers } = request
  const body = yield* readBody(request, maxBodyBytes)
  if (body.size > 0) yield* requireJson(headers)
  if (body.bytes === undefined) {
    return yield* new CodeTooLarge({
      detail: `The body is larger than ${maxBodyBytes} bytes. Send less source.`,
      limit_bytes: maxBodyBytes
    })
  }
  const credential = yield* readCredential(headers, admit)
  // No body and no credential is a request for a quote: nothing about it can be wrong.
  const header = body.size === 0 && credential === undefined ? undefined : yield* idempotencyKey(headers)
  if (credential !== undefined && body.size === 0) {
    return yield* new InvalidRequest({
      detail: "A credential without a body pays for nothing. Send the request's body with it."
    })
  }
  return { bytes: body.bytes, sha256: body.sha256, header, credential } satisfies Call
})

/** Which settings or bindings of the service are missing. Whoever operates it finds them in `/health` as well. */
export const notConfigured = (missing: ReadonlyArray<string>) =>
  new NotConfigured({
    detail: `Settings of the service are missing or malformed: ${missing.join(", ")}. Nothing can be bought until they are mended.`,
    missing
  })

/** Every endpoint that wants a credential does this. */
export const makePaid = (settings: Settings["Service"], payments: PaymentService["Service"]) => {
  return {
    /**
     * A 402 always carries a fresh challenge; for a purchase that is known, one with the same key. A client whose
     * `Accept-Payment` leaves out all that is offered gets it too, as the protocol allows, and is told. Answers, rather than
     * fails: most requests end here, and an error's way through the API definition costs as much as the challenge.
     */
    requirePayment: Effect.fnUntraced(function* (
      terms: Terms,
      key: string,
      reason: PaymentRequired,
      preferences: string | null = null
    ) {
      const challenge = yield* payments.challenge(terms, key)
      const lacking = preferences === null ? undefined : unacceptable(preferences, offersIn(challenge))
      return quote(
        challenge,
        lacking === undefined ? reason : new PaymentRequired({ ...reason, detail: `${reason.detail} ${lacking}` })
      )
    }),

    requireConfigured: Effect.suspend(() =>
      settings.missing.length === 0 ? Effect.void : notConfigured(settings.missing)
    ),

    /** Answers a credential that was not taken. */
    refuse: Effect.fnUntraced(function* (terms: Terms, header: string | undefined, rejected: PaymentRejected) {
      const { problem, detail, key } = rejected
      if (problem === "method-unsupported") return yield* new MethodUnsupported({ detail })
      const again = header === undefined && key !== undefined ? key : purchaseKey(header)
      yield* setHeaders(unpaidHeaders(yield* payments.challenge(terms, again)))
      return yield* PaymentRequired.of(problem, detail)
    })
  }
}

const unpaidHeaders = (challenge: string) => ({ "www-authenticate": challenge, "cache-control": "no-store" })

const encode = Schema.encodeSync(PaymentRequired)
const encoded = new WeakMap<PaymentRequired, string>()

/** The body that the API definition would make of `reason`; once, for one that is given again and again. */
const bodyOf = (reason: PaymentRequired): string => {
  const known = encoded.get(reason)
  if (known !== undefined) return known
  const body = JSON.stringify(encode(reason))
  encoded.set(reason, body)
  return body
}

const quote = (challenge: string, reason: PaymentRequired) =>
  HttpServerResponse.text(bodyOf(reason), {
    status: 402,
    contentType: "application/problem+json",
    headers: unpaidHeaders(challenge)
  })

const unacceptable = (preferences: string, offers: ReadonlyArray<Offer>) =>
  offers.some(({ method, intent }) => acceptsPayment(preferences, method, intent))
    ? undefined
    : `Accept-Payment leaves out all that is offered: ${offers.map(({ method, intent }) => `${method}/${intent}`).join(", ")}.`

/** Adds what only the gateway knows: its address (`origin`), the key as its client spells it; and `Retry-After` from the answer. */
export const forClient =
  (origin: string, header: string | undefined) =>
  <A, E extends { readonly _tag: string }, R>(self: Effect.Effect<A, E, R>) =>
    self.pipe(
      // It stays what it was: the same class with other fields.
      Effect.mapError((error) => completed(error, origin, header) as E),
      Effect.tapError((error) =>
        "retry_after" in error && error.retry_after !== undefined
          ? setHeaders({ "retry-after": String(error.retry_after) })
          : Effect.void
      )
    )

const completed = (error: unknown, origin: string, header: string | undefined): unknown => {
  const retry = (known: { readonly idempotency_key: string }) => ({ idempotency_key: header ?? known.idempotency_key })
  const absolute = (path: string) => new URL(path, origin).href
  if (error instanceof DeployFailed) {
    return new DeployFailed({ ...error, retry: retry(error.retry), status_url: absolute(error.status_url) })
  }
  if (error instanceof ExecuteFailed) return new ExecuteFailed({ ...error, retry: retry(error.retry) })
  if (error instanceof PaymentPending || error instanceof OrderInProgress) {
    const status_url = error.status_url === null ? null : absolute(error.status_url)
    const known = { retry: retry(error.retry), status_url }
    return error instanceof PaymentPending
      ? new PaymentPending({ ...error, ...known })
      : new OrderInProgress({ ...error, ...known })
  }
  return error instanceof Internal && error.retry !== undefined
    ? new Internal({ ...error, retry: retry(error.retry) })
    : error
}
