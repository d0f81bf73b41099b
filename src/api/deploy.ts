import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Settings } from "../config.ts"
import { Orders } from "../deploy/Orders.ts"
import { PaymentRequired } from "../domain/Errors.ts"
import { purchaseKey } from "../domain/Order.ts"
import { PaymentService, type Terms } from "../payment/PaymentService.ts"
import { decodeProject } from "./files.ts"
import { setHeaders } from "./headers.ts"
import { VerificationLimit } from "./VerificationLimit.ts"
import { type Call, forClient, makePaid, readCall } from "./paid.ts"

const quote =
  "This costs money. Pay the challenge in WWW-Authenticate and send the same request again with Authorization: Payment."

/** Steps 1 to 3 of a deploy: decode, challenge, verify. All of it is pure; the order's object does the rest. */
export const makeDeploy = Effect.gen(function* () {
  const settings = yield* Settings
  const payments = yield* PaymentService
  const orders = yield* Orders
  const admit = yield* VerificationLimit
  const { requireConfigured, requirePayment, refuse } = makePaid(settings, payments)

  const submit = Effect.fnUntraced(function* (call: Call, credential: string) {
    const { files, name } = yield* decodeProject(call.bytes)
    yield* requireConfigured
    const terms = termsOf(settings.get("DEPLOY_PRICE"), call.sha256)
    const key = call.header === undefined ? undefined : purchaseKey(call.header)
    return yield* payments.verify(credential, terms, key).pipe(
      Effect.flatMap((verified) => orders.submit({ terms, verified, keyed: key !== undefined, files, name })),
      Effect.catchTag("PaymentRejected", (rejected) => refuse(terms, call.header, rejected))
    )
  })

  return Effect.fn("Gateway.deploy")(function* (incoming: HttpServerRequest.HttpServerRequest) {
    const request = incoming.source as Request // what toWebHandler was given
    const call = yield* readCall(request)
    if (call.credential === undefined) {
      // A body that is there has to be in order before it is quoted for.
      if (call.bytes.length > 0) yield* decodeProject(call.bytes)
      yield* requireConfigured
      const terms = termsOf(settings.get("DEPLOY_PRICE"), call.sha256)
      const reason = PaymentRequired.of("payment-required", quote)
      return yield* requirePayment(terms, purchaseKey(call.header), reason, request.headers.get("accept-payment"))
    }
    const { receipt, ...deployment } = yield* admit(request.headers).pipe(
      Effect.andThen(submit(call, call.credential)),
      forClient(request, call.header)
    )
    yield* setHeaders({ "payment-receipt": receipt, "cache-control": "private" })
    return deployment
  })
})

/** What a deploy of this body (its SHA-256) is sold for. */
export const termsOf = (price: string, body: string): Terms => ({
  operation: "deploy",
  body,
  price,
  description: "Deploy code to a live URL"
})
