import { Challenge, PaymentRequest } from "mppx"
import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import { PaymentRejected } from "../errors.ts"
import type { Terms } from "../PaymentService.ts"
import { chargeOptions, type TempoConfig } from "./config.ts"
import { makeIssueChallenge } from "./issue-challenge.ts"
import { invalidChallenge } from "./chain/rejections.ts"
import { type Binding, decodeBinding, isForBody } from "./wire/binding.ts"
import { readCredential } from "./wire/credential-bounds.ts"

/** A credential that answers one of the gateway's challenges for these terms. Its payload is not checked yet. */
export interface CheckedCredential {
  readonly challenge: Challenge.Challenge
  readonly binding: Binding
  readonly payload: unknown
  /** The sender that the credential claims. It proves nothing: the client can write anything here. */
  readonly source: string | undefined
}

/** Issues and checks challenges. mppx normalizes the requests of each price once. */
export const makeChallenges = (config: TempoConfig) => {
  const { realm, secretKey } = config
  const known = new Map<string, ReadonlyArray<Record<string, unknown>>>()
  const requestsOf = (price: string) => {
    const found = known.get(price)
    if (found !== undefined) return found
    const requests = config.currencies.map(({ address }) =>
      PaymentRequest.fromMethod(Methods.charge, { ...chargeOptions(config, address), amount: price })
    )
    known.set(price, requests)
    return requests
  }

  // `verify` throws on JSON values without a canonical form, and clients can send them.
  const isOurs = (challenge: Challenge.Challenge) =>
    Effect.try(() => Challenge.verify(challenge, { secretKey })).pipe(Effect.orElseSucceed(() => false))

  const checkChallenge = Effect.fnUntraced(function* (credential: string, terms: Terms, key: string | undefined) {
    const { challenge, payload, source } = yield* readCredential(credential)
    // This comes before the HMAC, because the gateway issues no challenge of another method and the protocol has a problem type
    // of its own for it.
    if (challenge.method !== Methods.charge.name || challenge.intent !== Methods.charge.intent) {
      return yield* new PaymentRejected({
        problem: "method-unsupported",
        detail: "This gateway offers only the method tempo with the intent charge. Answer the challenge with these."
      })
    }
    if (!(yield* isOurs(challenge))) {
      return yield* invalidChallenge(
        "This gateway did not issue the challenge, or it was changed since. Answer the fresh challenge."
      )
    }
    const binding = yield* decodeBinding(challenge)
    const refuse = (detail: string) => invalidChallenge(detail, binding.key)
    // The challenge is from another gateway with the same secret, or from this one before its realm was changed. In the second
    // case its key may belong to a paid purchase, so the fresh challenge carries the key on.
    if (challenge.realm !== realm) {
      return yield* refuse("The challenge was issued for another realm. Answer the fresh challenge.")
    }
    if (binding.op !== terms.operation) {
      return yield* refuse("The challenge is for another operation. Answer the fresh challenge, for this request.")
    }
    if (!isForBody(binding, challenge, terms)) {
      return yield* refuse(
        "The challenge is for another body. Send the same bytes that it was issued for, or answer the fresh challenge."
      )
    }
    const request = PaymentRequest.serialize(challenge.request)
    if (!requestsOf(terms.price).some((offered) => PaymentRequest.serialize(offered) === request)) {
      return yield* refuse(
        "The challenge states another price, currency, recipient or chain. Answer the fresh challenge."
      )
    }
    if (key !== undefined && binding.key !== key) {
      return yield* refuse(
        "The challenge is for another Idempotency-Key. Send the key that it was issued for, or answer the fresh challenge."
      )
    }
    return { challenge, binding, payload, source } satisfies CheckedCredential
  })

  return { issueChallenge: makeIssueChallenge(config, requestsOf), checkChallenge }
}
