import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Settings } from "../../config.ts"
import type { DeployOrder } from "../../domain/Order.ts"
import { HostHealth, learnFrom } from "../../orders/delivery/HostHealth.ts"
import { Orders } from "../../orders/Orders.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { makePaymentGate, setReceipt } from "../paid/payment-gate.ts"
import { decodeDeploy } from "../request/decode-deploy.ts"

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

  return Effect.fnUntraced(function* ({ source }: HttpServerRequest.HttpServerRequest) {
    const request = yield* gate.readRequest(source as Request) // `toWebHandler` was given this object.
    const project = request.bytes.length === 0 ? undefined : yield* decodeDeploy(request.bytes, ASSET_LIMIT)
    const { DEPLOY_PRICE } = yield* gate.requireConfigured
    const terms = deployTerms(DEPLOY_PRICE, request.sha256)
    const { credential } = request
    if (credential === undefined || project === undefined) return yield* gate.quote(request, terms)
    const { receipt, replayed, ...deployment } = yield* gate.verify(credential, request, terms).pipe(
      Effect.flatMap((paid) => submit({ ...paid, ...project })),
      Effect.catchTag("PaymentRejected", (rejected) => gate.reject(request, terms, rejected)),
      gate.completeErrors(request),
      Effect.withSpan("Gateway.deploy")
    )
    yield* setReceipt(receipt, replayed)
    return deployment
  })
})

/** The terms for a deploy of this body (its SHA-256). */
export const deployTerms = (price: string, bodyDigest: string): Terms => ({
  operation: "deploy",
  bodyDigest,
  price,
  description: "Deploy code to a live URL"
})
