import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Values } from "../../config.ts"
import { Expired, NotFound } from "../../domain/Errors.ts"
import { operationOn, purchaseKey } from "../../domain/Order.ts"
import { Orders } from "../../orders/Orders.ts"
import { whyOver } from "../../orders/operator/Takedown.ts"
import { notLive, tooFarAhead } from "../../orders/renewal/refusals.ts"
import type { Terms } from "../../payment/PaymentService.ts"
import { makePaymentGate, setReceipt } from "../paid/payment-gate.ts"
import type { ParsedRequest } from "../paid/read-request.ts"
import { setHeaders } from "../request/headers.ts"

/** `POST /deployments/{deployment_id}/renew`: more time for a deployment, from anybody. */
export const makeRenew = Effect.gen(function* () {
  const orders = yield* Orders
  const gate = yield* makePaymentGate

  /**
   * Refuses a renewal that cannot be bought, before its client pays. The deployment itself decides again before the payment. A
   * client with a key may repeat a renewal that is paid, whose order has its answer also if another cannot be bought.
   */
  const requireRenewable = Effect.fnUntraced(function* (
    id: string,
    { idempotencyKey }: ParsedRequest,
    { MAX_DAYS, TTL_HOURS }: Values
  ) {
    const status = yield* orders.status(id)
    const now = yield* Clock.currentTimeMillis
    if (status === undefined || status.charged === false) {
      return yield* new NotFound({ detail: "No such deployment. Check the deployment_id, or POST /deploy." })
    }
    if (idempotencyKey !== undefined) return
    const ends = status.expires_at === null ? null : Date.parse(status.expires_at)
    const deleted = status.status === "deleted"
    // A deployment past its end that is not gone may wait for the payment of a renewal, whose client comes back. Its order decides.
    if (deleted || status.status === "expired") {
      return yield* new Expired({
        detail: `${whyOver(status.taken_down, deleted)} Nothing was charged. POST /deploy for another.`,
        charged: false,
        deployment_id: id,
        expired_at: status.expires_at
      })
    }
    if (ends === null || status.status !== "live") return yield* notLive(status, purchaseKey(idempotencyKey))
    const far = tooFarAhead(ends, TTL_HOURS, now, MAX_DAYS)
    if (far !== undefined) return yield* far
  })

  return Effect.fn("Gateway.renew")(function* (id: string, { source }: HttpServerRequest.HttpServerRequest) {
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readBodyless(source as Request) // `toWebHandler` was given this object.
    const settings = yield* gate.requireConfigured
    const terms = renewTerms(settings.DEPLOY_PRICE, id, request.sha256)
    const { credential } = request
    if (credential === undefined) {
      if (id !== TEMPLATE) yield* requireRenewable(id, request, settings).pipe(gate.completeErrors(request))
      return yield* gate.quote(request, terms)
    }
    const { receipt, replayed, ...deployment } = yield* gate.verify(credential, request, terms).pipe(
      Effect.flatMap((paid) => orders.renew({ ...paid, id })),
      Effect.catchTag("PaymentRejected", (rejected) => gate.reject(request, terms, rejected)),
      gate.completeErrors(request)
    )
    yield* setReceipt(receipt, replayed)
    return deployment
  })
})

/**
 * The id as the path of the OpenAPI document has it. Directories send that path to see whether it answers 402, and a quote needs
 * no deployment. A payment for it is refused with 404, uncharged.
 */
const TEMPLATE = "{deployment_id}"

/** The terms for a renewal of this deployment. `bodyDigest` is the SHA-256 of no body. */
const renewTerms = (price: string, id: string, bodyDigest: string): Terms => ({
  operation: operationOn("renew", id),
  bodyDigest,
  price,
  description: "Renew a deployment"
})
