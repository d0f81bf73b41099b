import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Settings } from "../../config.ts"
import { type NotConfigured, PaymentRequired } from "../../domain/Errors.ts"
import { type PaidRequest, purchaseKey, requestedKey } from "../../domain/Order.ts"
import { PaymentRejected, PaymentService, type Terms } from "../../payment/PaymentService.ts"
import { setHeaders } from "../request/headers.ts"
import { makeOrigin } from "../request/origin.ts"
import { type Call, forClient, makePaid, readCall } from "./paid.ts"
import { CredentialRateLimit } from "./CredentialRateLimit.ts"

// Made once: each error that is made looks at the stack, which is a good part of what an unpaid request costs.
const unpaid = PaymentRequired.of(
  "payment-required",
  "This costs money. Pay the challenge in WWW-Authenticate and send the same request again with Authorization: Payment. " +
    "GET /llms.txt has the price and the commands."
)

interface Tagged {
  readonly _tag: string
}

/** Something that is sold. */
interface Sale<Order, Answer, Said, Malformed, Unmade> {
  /** Spans call its purchases by this name. */
  readonly name: string
  /** The terms for this body (its SHA-256); asked only when everything is configured. */
  readonly terms: (body: string) => Terms
  /** Reads the body. Nothing else happens for one that is not in order. */
  readonly decode: (bytes: Uint8Array) => Effect.Effect<Order, Malformed>
  /** Whether it can be bought here, beside the settings that everything needs. */
  readonly offered: Effect.Effect<void, NotConfigured>
  /** Hands it to its order, which does the rest. */
  readonly submit: (order: Order, paid: Omit<PaidRequest, "files">) => Effect.Effect<Answer, Unmade | PaymentRejected>
  /** Turns its order's answer into the client's, beside the receipt. */
  readonly say: (answer: Answer) => Said
}

/** Steps 1 to 3 of every purchase: decode, challenge, verify. All of it is pure; the order's object does the rest. */
export const makeSales = Effect.gen(function* () {
  const settings = yield* Settings
  const payments = yield* PaymentService
  const admit = yield* CredentialRateLimit
  const originOf = makeOrigin(settings)
  const { requireConfigured, requirePayment, refuse } = makePaid(settings, payments)

  return <Order, Answer extends { readonly receipt: string }, Said, Malformed extends Tagged, Unmade extends Tagged>({
    name,
    terms: termsOf,
    decode,
    offered,
    submit,
    say
  }: Sale<Order, Answer, Said, Malformed, Unmade>) => {
    const ready = Effect.andThen(requireConfigured, offered)

    const buy = Effect.fnUntraced(function* (call: Call, credential: string) {
      const order = yield* decode(call.bytes)
      yield* ready
      const terms = termsOf(call.sha256)
      return yield* payments.verify(credential, terms).pipe(
        Effect.flatMap((verified) => submit(order, { terms, verified, idempotencyKey: requestedKey(call.header) })),
        Effect.catchIf(isRejected, (rejected) => refuse(terms, call.header, rejected))
      )
    })

    return Effect.fnUntraced(function* (incoming: HttpServerRequest.HttpServerRequest) {
      const request = incoming.source as Request // what toWebHandler was given
      const call = yield* readCall(request, admit)
      if (call.credential === undefined) {
        // A body that is there has to be in order before it is quoted for.
        if (call.bytes.length > 0) yield* decode(call.bytes)
        yield* ready
        const preferences = request.headers.get("accept-payment")
        return yield* requirePayment(termsOf(call.sha256), purchaseKey(call.header), unpaid, preferences)
      }
      const answer = yield* buy(call, call.credential).pipe(
        forClient(originOf(request.url), call.header),
        Effect.withSpan(name)
      )
      yield* setHeaders({ "payment-receipt": answer.receipt, "cache-control": "private" })
      return say(answer)
    })
  }
})

const isRejected = (error: unknown): error is PaymentRejected => error instanceof PaymentRejected
