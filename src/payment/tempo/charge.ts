import { Challenge, PaymentRequest } from "mppx"
import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { PaymentRejected } from "../errors.ts"
import type { Terms } from "../PaymentService.ts"
import { makeIssue } from "./issue-challenge.ts"
import { readCredential } from "./wire/credential-bounds.ts"

/** Under whose name and to whom payments are made. */
export interface Merchant {
  readonly secretKey: string
  readonly realm: string
  readonly currency: string
  readonly recipient: string
  readonly chainId: number
}

/**
 * A challenge is bound to this, beside its price. It travels as the challenge's `opaque`, under its HMAC, and mppx
 * wants it flat. `nonce` makes every challenge unique: without it, all of one millisecond share one id.
 */
const Binding = Schema.Struct({
  v: Schema.Literal("1"),
  op: Schema.String,
  body: Schema.String,
  key: Schema.String,
  nonce: Schema.String
})
/** A challenge is bound to this, beside its price. */
export type Binding = typeof Binding.Type

/** A credential whose challenge is ours, made for these terms; its payload is not looked at yet. */
export interface Answer {
  readonly challenge: Challenge.Challenge
  readonly binding: Binding
  readonly payload: unknown
  /** The credential claims this sender: anybody can write anything here. */
  readonly source: string | undefined
}

/** mppx's own server would make this of its options, so that its `charge` and these challenges agree byte for byte. */
export const charge = ({ currency, recipient, chainId }: Merchant) => ({
  currency,
  recipient,
  chainId,
  decimals: 6,
  // In push mode the money has moved before anything was verified, let alone bundled.
  supportedModes: ["pull" as const]
})

/** Makes and recognizes the challenges of one merchant. The request that a price stands for is normalized once. */
export const makeOffers = (merchant: Merchant) => {
  const { realm, secretKey } = merchant
  const requests = new Map<string, Record<string, unknown>>()
  const requestOf = (price: string) => {
    const known = requests.get(price)
    if (known !== undefined) return known
    const request = PaymentRequest.fromMethod(Methods.charge, { ...charge(merchant), amount: price })
    requests.set(price, request)
    return request
  }

  // Anybody can write anything here, and JSON has values that its canonical form does not.
  const isOurs = (challenge: Challenge.Challenge) =>
    Effect.try(() => Challenge.verify(challenge, { secretKey })).pipe(Effect.orElseSucceed(() => false))

  const recognize = Effect.fnUntraced(function* (credential: string, terms: Terms, key: string | undefined) {
    const { challenge, payload, source } = yield* readCredential(credential)
    // Before the HMAC: a challenge of another method was never ours, and the protocol has a problem of its own for it.
    if (challenge.method !== Methods.charge.name || challenge.intent !== Methods.charge.intent) {
      return yield* new PaymentRejected({
        problem: "method-unsupported",
        detail: "Only the method tempo with the intent charge is offered here. Answer the challenge with one of those."
      })
    }
    if (!(yield* isOurs(challenge))) {
      return yield* invalid("The challenge was not issued here, or was changed since. Answer the fresh one.")
    }
    const binding = yield* bindingOf(challenge)
    const refuse = (detail: string) => invalid(detail, binding.key)
    // Of another gateway that has the same secret; or of this one, before its realm was changed: then its key is that of a
    // purchase that may have been paid, and the fresh challenge leads to it.
    if (challenge.realm !== realm) {
      return yield* refuse("The challenge was not issued here, but for another realm. Answer the fresh one.")
    }
    if (binding.op !== terms.operation) {
      return yield* refuse("The challenge is for another operation. Answer the fresh one, for this request.")
    }
    if (binding.body !== terms.body) {
      return yield* refuse(
        "The challenge is for another body. Send the very bytes it was issued for, or answer the fresh one."
      )
    }
    if (PaymentRequest.serialize(challenge.request) !== PaymentRequest.serialize(requestOf(terms.price))) {
      return yield* refuse("The challenge states another price, currency, recipient or chain. Answer the fresh one.")
    }
    if (key !== undefined && binding.key !== key) {
      return yield* refuse(
        "The challenge is for another Idempotency-Key. Send the one it was issued for, or answer the fresh one."
      )
    }
    return { challenge, binding, payload, source } satisfies Answer
  })

  return { issue: makeIssue(merchant, requestOf), recognize }
}

const invalid = (detail: string, key?: string) =>
  new PaymentRejected({ problem: "invalid-challenge", detail, ...(key !== undefined && { key }) })

// Our HMAC proves a challenge ours, yet a version that bound something else may have made it.
const bindingOf = (challenge: Challenge.Challenge) =>
  Effect.try(() => PaymentRequest.deserialize(challenge.opaque ?? "")).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Binding)),
    Effect.mapError(() => invalid("The challenge is none for this operation. Answer the fresh one."))
  )
