import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Settings } from "../../config.ts"
import { Expired, NotFound, PaymentRequired } from "../../domain/Errors.ts"
import { purchaseKey, updateOf } from "../../domain/Order.ts"
import { Orders } from "../../orders/Orders.ts"
import { PaymentService, type Terms } from "../../payment/PaymentService.ts"
import { makePaymentGate, setReceipt } from "../paid/payment-gate.ts"
import { decodeUpdate } from "../request/decode-deploy.ts"
import { setHeaders } from "../request/headers.ts"

const proofRequired = PaymentRequired.of(
  "payment-required",
  "Updates are free, and only the payer may send them. Answer the challenge in WWW-Authenticate, whose amount is 0, with the " +
    "key that paid for the deployment, and send the same request again with Authorization: Payment."
)

/** `PUT /deployments/{deployment_id}`: newer code or secrets at the same URL, free, for the payer of the deployment. */
export const makeUpdate = Effect.gen(function* () {
  const payments = yield* PaymentService
  const orders = yield* Orders
  const { ASSET_LIMIT } = yield* Settings
  const gate = yield* makePaymentGate

  /** Refuses impossible updates before the client signs. This only reads, and the order's object decides. */
  const requireAlive = Effect.fnUntraced(function* (id: string) {
    const status = yield* orders.status(id)
    if (status === undefined) return yield* new NotFound({ detail: "No such deployment. Check the deployment_id." })
    if (status.status !== "expired") return
    return yield* new Expired({
      detail: "This deployment has expired. POST /deploy for another.",
      deployment_id: id
    })
  })

  return Effect.fn("Gateway.update")(function* (id: string, { source }: HttpServerRequest.HttpServerRequest) {
    // No cache may keep an answer, because each one describes the moment, and errors do too.
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readRequest(source as Request) // `toWebHandler` was given this object.
    const project = request.bytes.length === 0 ? undefined : yield* decodeUpdate(request.bytes, ASSET_LIMIT)
    yield* gate.requireConfigured
    const terms = updateTerms(id, request.sha256)
    const { credential, idempotencyKey } = request
    if (credential === undefined || project === undefined) {
      yield* requireAlive(id)
      return yield* gate.requestProof(request, terms, proofRequired)
    }
    const key = idempotencyKey === undefined ? undefined : purchaseKey(idempotencyKey)
    return yield* Effect.gen(function* () {
      yield* requireAlive(id)
      const verified = yield* payments.prove(credential, terms, key)
      const { receipt: _, ...deployment } = yield* orders.update({ id, terms, verified, ...project })
      // The challenge is the only reference of a proof, as in mppx.
      const validBefore = Math.ceil((yield* Clock.currentTimeMillis) / 1000)
      yield* setReceipt(payments.receipt({ reference: verified.challengeId, validBefore }).header)
      return deployment
    }).pipe(
      Effect.catchTag("PaymentRejected", (rejected) => gate.reject(request, terms, rejected)),
      gate.completeErrors(request)
    )
  })
})

const updateTerms = (id: string, bodyDigest: string): Terms => ({
  operation: updateOf(id),
  bodyDigest,
  price: "0",
  description: "Update a deployment of yours, free"
})
