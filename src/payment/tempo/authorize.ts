import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { keccak256 } from "viem"
import { PaymentRejected, PaymentUnavailable } from "../errors.ts"
import type { Authorization, Terms, Verified } from "../PaymentService.ts"
import { makeAccessKeys } from "./access-key.ts"
import { EXPIRING } from "./chain/fees.ts"
import { makeFunds } from "./funds.ts"
import type { Network } from "./chain/networks.ts"
import type { makeOffers, Merchant } from "./charge.ts"
import { canonical, type Payment, readPayment } from "./read-payment.ts"
import { makeRedeemer } from "./validate-credential.ts"
import { rejected, unavailable } from "./chain/rejections.ts"
import { simulationFailure } from "./chain/rpc-failure.ts"

/** Seconds that a payment must have left to live: stock clients give it 25, and a bundle is built before it is sent. */
const LEAST_SECONDS = 10

/** For all that the chain is asked here. Longer, and the payment would not live to be made. */
const PATIENCE = "9 seconds"

const expired = (detail: string) => new PaymentRejected({ problem: "payment-expired", detail })

/**
 * Whether the transaction can land soon, and at no other time: later than the challenge's `expires`, money would move that
 * nobody waits for. The protocol's clients set `validBefore` to that (Tempo charge, "Methods details") and mppx's to 25
 * seconds at most, never beyond it; so a stock client's payment always passes.
 */
const timely = (expires: string | undefined, transaction: Payment["transaction"], now: number) => {
  const { validAfter = 0, validBefore } = transaction
  const deadline = Date.parse(expires ?? "") / 1000
  if (!(now < deadline)) return Effect.fail(expired("The challenge has expired. Answer the fresh one."))
  if (validBefore === undefined || validBefore > deadline) {
    return Effect.fail(rejected("The transaction must state a validBefore, no later than the challenge's expires."))
  }
  if (validBefore < now + LEAST_SECONDS) {
    return Effect.fail(
      expired(
        `The transaction must be valid for ${LEAST_SECONDS} seconds more. Sign and send it at once; check your clock.`
      )
    )
  }
  if (validAfter > now) return Effect.fail(rejected("The transaction is not valid yet: validAfter lies in the future."))
  return Effect.succeed(validBefore)
}

/** Everything about a payment that changes with time: deadlines, nonces, funds. Moves no money. */
export const makeAuthorize = (merchant: Merchant, offers: ReturnType<typeof makeOffers>, network: Network) => {
  const redeem = makeRedeemer(merchant)
  const accessKeys = makeAccessKeys(network)
  const funds = makeFunds(network, merchant)

  // With a nonce ahead of its account's the transaction would pass a simulation, and land whenever the gap is filled. One that
  // expires has no order, but may have been sent before: by its payer, and in vain.
  const isNext = Effect.fnUntraced(function* (payment: Payment) {
    const { nonce = 0n, nonceKey = 0n } = payment.transaction
    if (nonceKey === EXPIRING) {
      const receipt = yield* Effect.tryPromise({
        try: () => network.receipt(keccak256(canonical(payment))),
        catch: () => unavailable
      })
      if (receipt?.status === "0x0") {
        return yield* rejected("The transaction was sent before, and failed. Nothing was paid; sign another.")
      }
      return
    }
    const next = yield* Effect.tryPromise({
      try: () => network.nextNonce(payment.account, nonceKey),
      catch: simulationFailure
    })
    if (nonce !== next) {
      return yield* rejected(
        `The transaction's nonce is not its account's next, ${next}. Sign it with an expiring nonce.`
      )
    }
  })

  const wouldPay = (transaction: Payment["transaction"]) =>
    Effect.tryPromise({ try: () => network.simulate(transaction), catch: simulationFailure })

  return Effect.fnUntraced(
    function* (verified: Verified, terms: Terms) {
      const answer = yield* offers.recognize(verified.credential, terms, verified.key)
      const payment = yield* readPayment(answer, merchant)
      const now = (yield* Clock.currentTimeMillis) / 1000
      const validBefore = yield* timely(answer.challenge.expires, payment.transaction, now)
      yield* redeem(verified.credential, terms.price, answer.binding)
      // Each question is asked once, and those that do not depend on another's answer at once: ten at most, in two turns.
      const [limitOf, prices] = yield* Effect.all(
        [
          accessKeys(payment, now + LEAST_SECONDS),
          funds.prices(payment),
          isNext(payment),
          wouldPay(payment.transaction)
        ],
        { concurrency: 4 }
      )
      yield* funds.suffice(payment, prices, limitOf)
      const transaction = canonical(payment)
      return {
        reference: keccak256(transaction),
        transaction,
        validBefore,
        challengeId: verified.challengeId
      } satisfies Authorization
    },
    Effect.timeoutOrElse({
      duration: PATIENCE,
      orElse: () => Effect.fail(new PaymentUnavailable({ message: "The chain does not answer. No payment was sent." }))
    }),
    (self, verified) =>
      Effect.catchTag(self, "PaymentRejected", (error) =>
        Effect.fail(new PaymentRejected({ problem: error.problem, detail: error.detail, key: verified.key }))
      )
  )
}
