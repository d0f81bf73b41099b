import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import { Settings } from "../../config.ts"
import { MethodUnsupported, PaymentRequired } from "../../domain/Errors.ts"
import { purchaseKey, requestedKey } from "../../domain/Order.ts"
import { salesPaused } from "../../payers/refusals.ts"
import { type PaymentRejected, PaymentService, type Terms } from "../../payment/PaymentService.ts"
import { UntakenTokens } from "../../payment/UntakenTokens.ts"
import { type PaymentOffer, readOffers } from "../../payment/service-offers.ts"
import { acceptsPayment } from "../request/content-negotiation.ts"
import { setHeaders } from "../request/headers.ts"
import { notConfigured } from "../request/not-configured.ts"
import { makeOrigin } from "../request/origin.ts"
import { completeErrors, REPLAYED, setRetryAfter } from "./complete-error.ts"
import { CredentialRateLimit } from "./CredentialRateLimit.ts"
import { type ParsedRequest, readBodyless, readRequest } from "./read-request.ts"

// The error is made once, because each new error reads the stack, which takes a large part of the time of an unpaid request.
const paymentRequired = PaymentRequired.of(
  "payment-required",
  "This costs money. Pay the challenge in WWW-Authenticate and send the same request again with Authorization: Payment. " +
    "GET /llms.txt has the price and the commands."
)

/** The steps that every endpoint with a credential shares. None of them does I/O; the order's object does it. */
export const makePaymentGate = Effect.gen(function* () {
  const settings = yield* Settings
  const payments = yield* PaymentService
  const checkRate = yield* CredentialRateLimit
  const untakenTokens = yield* UntakenTokens
  const originOf = makeOrigin(settings)

  return {
    /** Reads a request to its end: 415, 413, 431, 503 for a client with too many credentials, 400, in this order. */
    readRequest: (request: Request) => readRequest(request, checkRate),

    /** Reads a request that takes no body: 400 for a body, 431, 503, 400, in this order. */
    readBodyless: (request: Request) => readBodyless(request, checkRate),

    /** Returns all settings, or fails with 503 while settings or bindings are missing. */
    requireConfigured:
      settings.complete === undefined
        ? Effect.suspend(() => notConfigured(settings.missing))
        : Effect.succeed(settings.complete),

    /**
     * Answers 402 to a request without a credential, with a fresh challenge for its key. A client whose `Accept-Payment` lists
     * no method of the gateway gets it too, as the protocol allows, with a sentence about it. While the setting stops sales, it
     * answers 503 instead, unless the client sends a key: it may repeat a call that is paid for and not delivered, and the order
     * decides. The operator's switch is read by the order, because it takes I/O.
     */
    quote: Effect.fnUntraced(function* ({ idempotencyKey, preferences }: ParsedRequest, terms: Terms) {
      if (settings.SALES === "off" && idempotencyKey === undefined)
        return yield* Effect.tapError(salesPaused(), setRetryAfter)
      const challenge = yield* payments.challenge(terms, purchaseKey(idempotencyKey))
      const unaccepted = preferences === null ? undefined : describeUnaccepted(preferences, readOffers(challenge))
      if (unaccepted === undefined) return answer402(challenge, paymentRequired)
      const detail = `${paymentRequired.detail} ${unaccepted}`
      return answer402(challenge, new PaymentRequired({ ...paymentRequired, detail }))
    }),

    /** Answers the same for an endpoint that takes no money and asks for a proof. `reason` says so. */
    requestProof: Effect.fnUntraced(function* (request: ParsedRequest, terms: Terms, reason: PaymentRequired) {
      return answer402(yield* payments.challenge(terms, purchaseKey(request.idempotencyKey)), reason)
    }),

    /**
     * Checks that the credential answers one of the gateway's challenges for these terms. Returns the payment for the order.
     */
    verify: (credential: string, { idempotencyKey }: ParsedRequest, terms: Terms) =>
      Effect.map(payments.verify(credential, terms), (verified) => ({
        terms,
        verified,
        idempotencyKey: requestedKey(idempotencyKey)
      })),

    /** Answers a rejected credential: 402 with a fresh challenge, or 400 for a method that was not offered. */
    reject: Effect.fnUntraced(function* ({ idempotencyKey }: ParsedRequest, terms: Terms, rejected: PaymentRejected) {
      const { problem, detail, key, payable, untaken } = rejected
      if (untaken !== undefined) untakenTokens.add(untaken)
      if (problem === "method-unsupported") return yield* new MethodUnsupported({ detail })
      const nextKey = idempotencyKey === undefined && key !== undefined ? key : purchaseKey(idempotencyKey)
      yield* setHeaders(headers402(yield* payments.challenge(terms, nextKey, payable)))
      return yield* PaymentRequired.of(problem, detail)
    }),

    /** Completes errors of an order for the client of this request. */
    completeErrors: ({ url, idempotencyKey }: ParsedRequest) => completeErrors(originOf(url), idempotencyKey)
  }
})

/** Adds the receipt to the answer, and marks an answer that is given again. Only this client may see the answer. */
export const setReceipt = (receipt: string, replayed = false) =>
  setHeaders({
    "payment-receipt": receipt,
    "cache-control": "private",
    ...(replayed && REPLAYED)
  })

const headers402 = (challenge: string) => ({ "www-authenticate": challenge, "cache-control": "no-store" })

const encode = Schema.encodeSync(PaymentRequired)
const encodedBodies = new WeakMap<PaymentRequired, string>()

/** Returns the body that the API definition makes of `reason`. It is encoded once for a reason that many requests use. */
const bodyOf = (reason: PaymentRequired): string => {
  const known = encodedBodies.get(reason)
  if (known !== undefined) return known
  const body = JSON.stringify(encode(reason))
  encodedBodies.set(reason, body)
  return body
}

/**
 * Returns an answer and not a failure, because most requests end here and an error costs as much as the challenge to encode.
 */
const answer402 = (challenge: string, reason: PaymentRequired) =>
  HttpServerResponse.text(bodyOf(reason), {
    status: 402,
    contentType: "application/problem+json",
    headers: headers402(challenge)
  })

const describeUnaccepted = (preferences: string, offers: ReadonlyArray<PaymentOffer>) =>
  offers.some(({ method, intent }) => acceptsPayment(preferences, method, intent))
    ? undefined
    : `Accept-Payment lists no method of this service: ${[...new Set(offers.map(({ method, intent }) => `${method}/${intent}`))].join(", ")}.`
