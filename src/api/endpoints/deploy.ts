import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Result from "effect/Result"
import { Settings } from "../../config.ts"
import type { DeployOrder } from "../../domain/Order.ts"
import { HostHealth, learnFrom } from "../../orders/delivery/HostHealth.ts"
import { Orders } from "../../orders/Orders.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { makePaymentGate, setReceipt } from "../paid/payment-gate.ts"
import type { ParsedRequest } from "../paid/read-request.ts"
import { freeBody } from "../request/body.ts"
import { decodeDeploy } from "../request/decode-deploy.ts"
import { orFail } from "../refused.ts"

/** `POST /deploy`: source files become a live URL. */
export const makeDeploy = Effect.gen(function* () {
  const orders = yield* Orders
  const health = yield* HostHealth
  const { ASSET_LIMIT } = yield* Settings
  const gate = yield* makePaymentGate

  /** Submits the order, and records for `/health` what its answer says about the host. */
  const submit = (order: DeployOrder) =>
    orders.submit(order).pipe(
      Effect.tap(() => Effect.sync(() => learnFrom(health, undefined, 0))),
      Effect.tapErrorTag("HostUnavailable", (error) =>
        Effect.map(Clock.currentTimeMillis, (now) => learnFrom(health, error, now))
      )
    )

  /** Decodes a body; `undefined` for none, which asks for a quote. */
  const decode = (bytes: Uint8Array) =>
    bytes.length === 0 ? Result.succeed(undefined) : decodeDeploy(bytes, ASSET_LIMIT)

  const termsOf = ({ sha256 }: ParsedRequest) =>
    Effect.map(gate.requireConfigured, ({ DEPLOY_PRICE }) => deployTerms(DEPLOY_PRICE, sha256))

  /** Answers 402 to a request whose body was decoded. */
  const quote = (request: ParsedRequest) => Effect.flatMap(termsOf(request), (terms) => gate.quote(request, terms))

  const handle = Effect.fnUntraced(function* ({ source }: HttpServerRequest.HttpServerRequest) {
    const request = yield* gate.readRequest(source as Request) // `toWebHandler` was given this object.
    const project = yield* orFail(decode(request.bytes))
    const { credential } = request
    if (credential === undefined || project === undefined)
      return yield* Effect.tap(quote(request), () => Effect.sync(() => freeBody(request.bytes)))
    const terms = yield* termsOf(request)
    const { receipt, replayed, ...deployment } = yield* gate.verify(credential, request, terms).pipe(
      Effect.flatMap((paid) => submit({ ...paid, ...project })),
      Effect.catchTag("PaymentRejected", (rejected) => gate.reject(request, terms, rejected)),
      gate.completeErrors(request),
      Effect.withSpan("Gateway.deploy")
    )
    yield* setReceipt(receipt, replayed)
    return deployment
  })

  return { decode, quote, handle }
})

/** The terms for a deploy of this body (its SHA-256). */
export const deployTerms = (price: string, bodyDigest: string): Terms => ({
  operation: "deploy",
  bodyDigest,
  price,
  description: "Deploy code to a live URL"
})
