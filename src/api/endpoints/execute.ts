import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { NotConfigured } from "../../domain/Errors.ts"
import { Orders } from "../../orders/Orders.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { CodeRunner } from "../../sandbox/CodeRunner.ts"
import { makePaymentGate, setReceipt } from "../paid/payment-gate.ts"
import { decodeExecute } from "../request/decode-execute.ts"

/** `POST /execute`: runs code once and answers its result. Unavailable without a Worker Loader. */
export const makeExecute = Effect.gen(function* () {
  const orders = yield* Orders
  const runner = yield* CodeRunner
  const gate = yield* makePaymentGate

  return Effect.fnUntraced(function* ({ source }: HttpServerRequest.HttpServerRequest) {
    const request = yield* gate.readRequest(source as Request) // `toWebHandler` was given this object.
    const program = request.bytes.length === 0 ? undefined : yield* decodeExecute(request.bytes)
    const { EXECUTE_PRICE } = yield* gate.requireConfigured
    if (!runner.available) return yield* withoutLoader()
    const terms = executeTerms(EXECUTE_PRICE, request.sha256)
    const { credential } = request
    if (credential === undefined || program === undefined) return yield* gate.quote(request, terms)
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
