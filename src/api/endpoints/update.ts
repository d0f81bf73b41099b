import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Settings } from "../../config.ts"
import { Orders } from "../../orders/Orders.ts"
import { Expired, NotFound, PaymentRequired } from "../../domain/Errors.ts"
import { purchaseKey, updateOf } from "../../domain/Order.ts"
import { PaymentService, type Terms } from "../../payment/PaymentService.ts"
import { decodeUpdate } from "../request/decode-deploy.ts"
import { setHeaders } from "../request/headers.ts"
import { makeOrigin } from "../request/origin.ts"
import { CredentialRateLimit } from "../paid/CredentialRateLimit.ts"
import { type Call, forClient, makePaid, readCall } from "../paid/paid.ts"

const prove =
  "This costs nothing and asks who you are. Answer the challenge in WWW-Authenticate, whose amount is 0, with a proof by the " +
  "key that paid for the deployment, and send the same request again with Authorization: Payment."

/** `PUT /deployments/{deployment_id}`: newer code at the same URL, free, for whoever paid for it. */
export const makeUpdate = Effect.gen(function* () {
  const settings = yield* Settings
  const payments = yield* PaymentService
  const orders = yield* Orders
  const admit = yield* CredentialRateLimit
  const originOf = makeOrigin(settings)
  const { requireConfigured, requirePayment, refuse } = makePaid(settings, payments)

  /** Refuses impossible updates before anybody signs. It only reads; the order's object has the last word. */
  const requireAlive = Effect.fnUntraced(function* (id: string) {
    const status = yield* orders.status(id)
    if (status === undefined) return yield* new NotFound({ detail: "No such deployment. Check the deployment_id." })
    if (status.status !== "expired") return
    return yield* new Expired({
      detail: "This deployment has lived its time. POST /deploy for another.",
      deployment_id: id
    })
  })

  const submit = Effect.fnUntraced(function* (id: string, call: Call, credential: string) {
    const files = yield* decodeUpdate(call.bytes)
    yield* requireConfigured
    yield* requireAlive(id)
    const terms = termsOf(id, call.sha256)
    const key = call.header === undefined ? undefined : purchaseKey(call.header)
    return yield* Effect.gen(function* () {
      const verified = yield* payments.prove(credential, terms, key)
      const { receipt: _, ...deployment } = yield* orders.update({ id, terms, verified, files })
      // As mppx has it for a proof: what was answered is the only reference there is.
      const validBefore = Math.ceil((yield* Clock.currentTimeMillis) / 1000)
      const receipt = payments.receipt({ reference: verified.challengeId, validBefore })
      yield* setHeaders({ "payment-receipt": receipt.header, "cache-control": "private" })
      return deployment
    }).pipe(Effect.catchTag("PaymentRejected", (rejected) => refuse(terms, call.header, rejected)))
  })

  return Effect.fn("Gateway.update")(function* (id: string, incoming: HttpServerRequest.HttpServerRequest) {
    const request = incoming.source as Request // what toWebHandler was given
    // It says how things are now, whatever it says.
    yield* setHeaders({ "cache-control": "no-store" })
    const call = yield* readCall(request, admit)
    if (call.credential !== undefined) {
      return yield* submit(id, call, call.credential).pipe(forClient(originOf(request.url), call.header))
    }
    if (call.bytes.length > 0) yield* decodeUpdate(call.bytes)
    yield* requireConfigured
    yield* requireAlive(id)
    const terms = termsOf(id, call.sha256)
    return yield* requirePayment(terms, purchaseKey(call.header), PaymentRequired.of("payment-required", prove))
  })
})

const termsOf = (id: string, body: string): Terms => ({
  operation: updateOf(id),
  body,
  price: "0",
  description: "Update a deployment of yours, free"
})
