import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Hex, keccak256 } from "viem"
import { PaymentRejected, PaymentServiceUnavailable } from "../errors.ts"
import type { Authorization, Terms, Verified } from "../PaymentService.ts"
import { isKeyRefused, makeCheckAccessKey } from "./access-key.ts"
import { EXPIRING_NONCE_KEY } from "./chain/fees.ts"
import type { ChainReader, Network } from "./chain/networks.ts"
import { rejected, unavailable } from "./chain/rejections.ts"
import { toSimulationError } from "./chain/rpc-failure.ts"
import type { makeChallenges } from "./challenges.ts"
import type { TempoConfig } from "./config.ts"
import { makeCheckDecimals, payIn } from "./currencies.ts"
import { makeFunds } from "./funds.ts"
import { canonical, readPayment, type SignedPayment } from "./read-payment.ts"
import { makeValidateCredential } from "./validate-credential.ts"

/**
 * A payment must stay valid for this many seconds. Stock clients give it 25, and the gateway builds a bundle before it sends
 * it.
 */
const MIN_SECONDS_LEFT = 10

/** The time limit of all questions to the chain. With a longer one the payment could expire before the capture. */
const CHAIN_TIMEOUT = "9 seconds"

/** The time limit of the questions about other currencies, after a payment that cannot be made. */
const OTHERS_TIMEOUT = "3 seconds"

const expired = (detail: string) => new PaymentRejected({ problem: "payment-expired", detail })

/**
 * Checks that the transaction can land soon, and not after the challenge's `expires`, because a later payment would move money
 * that no request waits for. The protocol's clients set `validBefore` to `expires` (Tempo charge, "Methods details"). mppx's
 * clients set it to 25 seconds at most, and never beyond `expires`. So the payment of a stock client always passes.
 */
const checkDeadlines = (expires: string | undefined, transaction: SignedPayment["transaction"], now: number) => {
  const { validAfter = 0, validBefore } = transaction
  const deadline = Date.parse(expires ?? "") / 1000
  if (!(now < deadline)) return Effect.fail(expired("The challenge has expired. Answer the fresh challenge."))
  if (validBefore === undefined || validBefore > deadline) {
    return Effect.fail(rejected("The transaction must state a validBefore, no later than the challenge's expires."))
  }
  if (validBefore < now + MIN_SECONDS_LEFT) {
    return Effect.fail(
      expired(
        `The transaction must be valid for ${MIN_SECONDS_LEFT} seconds more. Sign and send it at once; check your clock.`
      )
    )
  }
  if (validAfter > now) return Effect.fail(rejected("The transaction is not valid yet: validAfter lies in the future."))
  return Effect.succeed(validBefore)
}

/** Checks everything about a payment that changes with time: deadlines, nonces, funds. It moves no money. */
export const makeAuthorize = (
  config: TempoConfig,
  checkChallenge: ReturnType<typeof makeChallenges>["checkChallenge"],
  network: Network
) => {
  const validateCredential = makeValidateCredential(config)
  const checkDecimals = makeCheckDecimals(config)

  // A transaction whose nonce is ahead of its account's would pass a simulation, and land whenever the gap is filled. An
  // expiring nonce has no order, but the payer may have sent the transaction before, and it may have failed.
  const checkNonce = Effect.fnUntraced(function* (chain: ChainReader, payment: SignedPayment) {
    const { nonce = 0n, nonceKey = 0n } = payment.transaction
    if (nonceKey === EXPIRING_NONCE_KEY) {
      const receipt = yield* Effect.tryPromise({
        try: () => chain.receipt(keccak256(canonical(payment))),
        catch: () => unavailable
      })
      if (receipt?.status === "0x0") {
        return yield* rejected("The transaction was sent before, and failed. Nothing was paid. Sign a new transaction.")
      }
      return
    }
    const next = yield* Effect.tryPromise({
      try: () => chain.nextNonce(payment.account, nonceKey),
      catch: toSimulationError
    })
    if (nonce !== next) {
      return yield* rejected(
        `The transaction's nonce is not the next one of its account, ${next}. Sign it with an expiring nonce.`
      )
    }
  })

  const simulate = (chain: ChainReader, transaction: SignedPayment["transaction"]) =>
    Effect.tryPromise({ try: () => chain.simulate(transaction), catch: toSimulationError })

  // At most eleven questions. All are asked at once, but those about the limits of a key, and about an unusual token of the fee.
  const checkFunds = Effect.fnUntraced(function* (chain: ChainReader, payment: SignedPayment, until: number) {
    const funds = makeFunds(chain)
    const [readSpendingLimit, feeTerms] = yield* Effect.all(
      [
        makeCheckAccessKey(chain)(payment, until),
        funds.readFeeTerms(payment),
        checkDecimals(chain, payment),
        simulate(chain, payment.transaction)
      ],
      { concurrency: 4 }
    )
    yield* funds.checkBalance(payment, feeTerms, readSpendingLimit)
  })

  // Stock clients pay the first challenge and do not compare it with what they hold. So for a payer without the token, or whose key may
  // not spend it, this finds the other currencies in which the payment would pass the same checks.
  const findPayable = Effect.fnUntraced(function* (payment: SignedPayment, until: number, error: PaymentRejected) {
    const chain = network.batched()
    const payable = yield* Effect.filter(
      config.currencies.filter(({ address }) => address.toLowerCase() !== payment.currency),
      ({ address }) =>
        Effect.match(checkFunds(chain, payIn(address.toLowerCase() as Hex, payment), until), {
          onFailure: () => false,
          onSuccess: () => true
        }),
      { concurrency: "unbounded" }
    ).pipe(Effect.timeoutOrElse({ duration: OTHERS_TIMEOUT, orElse: () => Effect.succeed([]) }))
    const [best] = payable
    if (best === undefined) return yield* error
    return yield* new PaymentRejected({
      problem: error.problem,
      detail: `${error.detail} The account can pay in ${best.name}, which the first fresh challenge asks for.`,
      payable: payable.map(({ address }) => address),
      ...(error.untaken !== undefined && { untaken: error.untaken })
    })
  })

  return Effect.fnUntraced(
    function* (verified: Verified, terms: Terms) {
      const checked = yield* checkChallenge(verified.credential, terms, verified.key)
      const payment = yield* readPayment(checked, config)
      const now = (yield* Clock.currentTimeMillis) / 1000
      const validBefore = yield* checkDeadlines(checked.challenge.expires, payment.transaction, now)
      const currency = String(checked.challenge.request["currency"])
      yield* validateCredential(verified.credential, terms.price, currency, checked.binding)
      const until = now + MIN_SECONDS_LEFT
      const chain = network.batched()
      const checkedFunds = Effect.catchTag(checkFunds(chain, payment, until), "PaymentRejected", (error) =>
        isKeyRefused(error) ? Effect.fail(error) : findPayable(payment, until, error)
      )
      yield* Effect.all([checkNonce(chain, payment), checkedFunds], { concurrency: 2 })
      const transaction = canonical(payment)
      return {
        reference: keccak256(transaction),
        transaction,
        validBefore,
        challengeId: verified.challengeId,
        currency
      } satisfies Authorization
    },
    Effect.timeoutOrElse({
      duration: CHAIN_TIMEOUT,
      orElse: () =>
        Effect.fail(new PaymentServiceUnavailable({ message: "The chain does not answer. No payment was sent." }))
    }),
    (self, verified) =>
      Effect.catchTag(self, "PaymentRejected", (error) =>
        Effect.fail(new PaymentRejected({ ...error, key: verified.key }))
      )
  )
}
