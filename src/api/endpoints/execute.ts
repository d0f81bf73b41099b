import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import { NotConfigured } from "../../domain/Errors.ts"
import { Orders } from "../../orders/Orders.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { CodeRunner } from "../../sandbox/CodeRunner.ts"
import { makePaymentGate, setReceipt } from "../paid/payment-gate.ts"
import type { ParsedRequest } from "../paid/read-request.ts"
import { decodeExecute } from "../request/decode-execute.ts"
import { orFail } from "../refused.ts"

/** `POST /execute`: runs code once and answers its result. Unavailable without a Worker Loader. */
export const makeExecute = Effect.gen(function* () {
  const orders = yield* Orders
  const runner = yield* CodeRunner
  const gate = yield* makePaymentGate

  /** Decodes a body; `undefined` for none, which asks for a quote. */
  const decode = (bytes: Uint8Array) => (bytes.length === 0 ? Result.succeed(undefined) : decodeExecute(bytes))

  const termsOf = Effect.fnUntraced(function* ({ sha256 }: ParsedRequest) {
    const { EXECUTE_PRICE } = yield* gate.requireConfigured
    if (!runner.available) return yield* withoutLoader()
    return executeTerms(EXECUTE_PRICE, sha256)
  })

  /** Answers 402 to a request whose body was decoded. */
  const quote = (request: ParsedRequest) => Effect.flatMap(termsOf(request), (terms) => gate.quote(request, terms))

  const handle = Effect.fnUntraced(function* ({ source }: HttpServerRequest.HttpServerRequest) {
    const request = yield* gate.readRequest(source as Request) // `toWebHandler` was given this object.
    const program = yield* orFail(decode(request.bytes))
    const { credential } = request
    if (credential === undefined || program === undefined) return yield* quote(request)
    const terms = yield* termsOf(request)
    const { receipt, replayed, output } = yield* gate.verify(credential, request, terms).pipe(
      Effect.flatMap((paid) => orders.execute({ ...paid, ...program })),
      Effect.catchTag("PaymentRejected", (rejected) => gate.reject(request, terms, rejected)),
      gate.completeErrors(request),
      Effect.withSpan("Gateway.execute")
    )
    yield* setReceipt(receipt, replayed)
    // The answer is the stored text byte for byte, because the result is the code's own JSON.
    return HttpServerResponse.text(output, { contentType: "application/json" })
  })

  return { decode, quote, handle }
})

const withoutLoader = () =>
  new NotConfigured({
    detail: "This service cannot run code because it has no Worker Loader (LOADER). POST /deploy works.",
    missing: ["LOADER"]
  })

/** The terms for a run of this body (its SHA-256). */
export const executeTerms = (price: string, bodyDigest: string): Terms => ({
  operation: "execute",
  bodyDigest,
  price,
  description: "Run code once"
})
