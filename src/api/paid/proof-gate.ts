import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Expired, NotFound, PaymentRequired } from "../../domain/Errors.ts"
import { operationOn, type PayerOperation, purchaseKey } from "../../domain/Order.ts"
import { Orders } from "../../orders/Orders.ts"
import { whyOver } from "../../orders/operator/Takedown.ts"
import { PaymentRejected, PaymentService, type Terms, type Verified } from "../../payment/PaymentService.ts"
import { makePaymentGate, setReceipt } from "./payment-gate.ts"
import type { ParsedRequest } from "./read-request.ts"

/** A request that takes a proof instead of money. */
export interface Proof<E, R> {
  readonly terms: Terms
  /** The answer to a request without a proof. */
  readonly reason: PaymentRequired
  /** Refuses an impossible request before the client signs. It only reads, and the object of the order decides. */
  readonly precheck: Effect.Effect<unknown, E, R>
}

/** The steps of every endpoint that is free for those who prove an address by a challenge of amount 0. */
export const makeProofGate = Effect.gen(function* () {
  const payments = yield* PaymentService
  const orders = yield* Orders
  const gate = yield* makePaymentGate

  return {
    ...gate,

    /** Fails unless a deployment exists and is not over. `deletedToo` lets one pass that its payer has deleted. */
    requireAlive: Effect.fnUntraced(function* (id: string, { deletedToo = false } = {}) {
      const status = yield* orders.status(id)
      if (status === undefined) return yield* new NotFound({ detail: "No such deployment. Check the deployment_id." })
      const deleted = status.status === "deleted"
      if (status.status !== "expired" && (!deleted || deletedToo)) return
      return yield* new Expired({
        detail: `${whyOver(status.taken_down, deleted)} POST /deploy for another.`,
        deployment_id: id,
        expired_at: status.expires_at
      })
    }),

    /**
     * Asks a request without a credential for a proof. Does `work` for the one who has proved an address, and answers with a
     * receipt. The challenge is the only reference of a proof, as in mppx; the object that does the work spends it.
     */
    prove: Effect.fnUntraced(function* <A, E extends object, R, E2 extends object, R2>(
      request: ParsedRequest,
      { terms, reason, precheck }: Proof<E2, R2>,
      work: (verified: Verified) => Effect.Effect<A, E, R>
    ) {
      const { credential, idempotencyKey } = request
      if (credential === undefined) {
        yield* precheck
        return yield* gate.requestProof(request, terms, reason)
      }
      const key = idempotencyKey === undefined ? undefined : purchaseKey(idempotencyKey)
      return yield* Effect.gen(function* () {
        yield* precheck
        const verified = yield* payments.prove(credential, terms, key)
        const answer = yield* work(verified)
        const validBefore = Math.ceil((yield* Clock.currentTimeMillis) / 1000)
        yield* setReceipt(payments.receipt({ reference: verified.challengeId, validBefore }).header)
        return answer
      }).pipe(
        Effect.catchIf(
          (error) => error instanceof PaymentRejected,
          (rejected) => gate.reject(request, terms, rejected)
        ),
        gate.completeErrors(request)
      )
    })
  }
})

/** The terms of a proof for an operation on a deployment. `bodyDigest` is the SHA-256 of the request's body, also of none. */
export const proofTerms = (operation: PayerOperation, id: string, bodyDigest: string, description: string): Terms =>
  freeTerms(operationOn(operation, id), bodyDigest, description)

/** The terms of a proof for an operation that is on no deployment. */
export const freeTerms = (operation: string, bodyDigest: string, description: string): Terms => ({
  operation,
  bodyDigest,
  price: "0",
  description
})

/** The answer to a request without a proof. `what` is a sentence about the endpoint. */
export const proofRequired = (what: string): PaymentRequired =>
  PaymentRequired.of(
    "payment-required",
    `${what} Answer the challenge in WWW-Authenticate, whose amount is 0, with the key that paid for the deployment, and send ` +
      "the same request again with Authorization: Payment."
  )
