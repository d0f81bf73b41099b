import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { BundleFailed, Internal, OrderInProgress } from "../../domain/Errors.ts"
import type { OrderResult, Paid } from "../../domain/Order.ts"
import { markReplayed } from "../../domain/replayed.ts"
import { PaymentRejected } from "../../payment/PaymentService.ts"
import { PurchaseStore, type InFlightOrder, BUILD_FAILURE_TTL_MS } from "../purchase/PurchaseStore.ts"
import type { OrderError } from "../operations.ts"
import { awaitInFlight, startDetached } from "./detached.ts"
import { purchaseOf, replayed } from "./replay.ts"
import { charged, isDeleted, type Purchase, statusLinks } from "../purchase/Purchase.ts"

/** How to handle an order. Only `New` uses the credential; the others discard it unsent. */
export type OrderResolution =
  /** A new purchase. */
  | { readonly _tag: "New"; readonly inFlight: InFlightOrder }
  /** The payer has paid, or may have, and the purchase is not delivered: it is resumed. */
  | { readonly _tag: "Resume"; readonly purchase: Purchase }
  /** The same order is in progress. */
  | { readonly _tag: "Join"; readonly inFlight: InFlightOrder }
  /** The purchase is delivered, and maybe expired or deleted since. The order repeats its result. */
  | { readonly _tag: "Finished"; readonly purchase: Purchase }
  | { readonly _tag: "Refused"; readonly error: OrderError }

/** Registers an order as in progress. Look-up and registration are one synchronous step. */
export const register = (store: PurchaseStore["Service"], key: string, challengeId: string): InFlightOrder => {
  const inFlight = { key, challengeId, outcome: Deferred.makeUnsafe<OrderResult, OrderError>() }
  store.inFlight.set(key, inFlight)
  return inFlight
}

/**
 * Decides how to handle an order. It looks up challenge and key before expiry, simulation or any other check that could ask
 * for money again.
 */
export const resolveOrder = (store: PurchaseStore["Service"], paid: Paid, now: number): OrderResolution => {
  const { challengeId } = paid.verified
  const keyed = paid.idempotencyKey !== undefined
  const key = paid.idempotencyKey?.key ?? paid.verified.key
  const used = store.byChallenge(challengeId)
  const inProgress = [...store.inFlight.values()].some((one) => one.challengeId === challengeId)
  if (used === undefined && !inProgress && key !== paid.verified.key) {
    const detail =
      "The challenge is for another Idempotency-Key. Send the one it was issued for, or answer the fresh one."
    return { _tag: "Refused", error: new PaymentRejected({ problem: "invalid-challenge", detail, key }) }
  }
  if (used !== undefined && !inProgress) {
    const error = replayed(store, used, paid)
    if (error !== undefined) return { _tag: "Refused", error }
  }
  const bound = used ?? purchaseOf(store, key)
  // An order in progress under this key comes before an undelivered purchase under another.
  const current = [...store.inFlight.values()].find(
    (one) => one.challengeId === challengeId || one.key === (bound?.key ?? key)
  )
  const purchase = bound ?? (current === undefined ? store.findUndelivered(now) : undefined)
  const inFlight = current ?? (purchase === undefined ? undefined : store.inFlight.get(purchase.key))
  if (inFlight !== undefined) return { _tag: "Join", inFlight }
  if (purchase === undefined) {
    // A second call without a key comes from an agent that starts over, not from an agent that wants two purchases.
    const other = keyed ? undefined : store.inFlight.values().next().value
    if (other !== undefined) return { _tag: "Join", inFlight: other }
    const failure = store.buildFailure()
    if (failure !== undefined && now - failure.at < BUILD_FAILURE_TTL_MS) {
      const { detail, diagnostics } = failure
      return { _tag: "Refused", error: markReplayed(new BundleFailed({ detail, diagnostics })) }
    }
    return { _tag: "New", inFlight: register(store, key, challengeId) }
  }
  // This binds the challenge's own key. Otherwise a bearer of a used credential could take any other key permanently.
  store.bindKeys(paid.verified.key, challengeId, purchase.id)
  if (purchase.state === "delivered" || purchase.state === "expired" || isDeleted(purchase))
    return { _tag: "Finished", purchase }
  return { _tag: "Resume", purchase }
}

/** Does an order's work in a fiber of its own, and waits for it. The first caller waits like all others. */
export const runDetached = Effect.fn("OrderWorkflow.serve")(function* <R>(
  inFlight: InFlightOrder,
  work: Effect.Effect<OrderResult, OrderError, R>
) {
  const store = yield* PurchaseStore
  const onDefect = (defect: unknown) =>
    Effect.andThen(Effect.logError("a defect in an order", defect), () => {
      const state = store.byKey(inFlight.key)?.state
      return Effect.fail(
        new Internal({
          detail: "An internal error. Repeat the same call with the Idempotency-Key of retry; it never pays twice.",
          charged: state === undefined ? false : charged(state),
          retry: { idempotency_key: inFlight.key }
        })
      )
    })
  yield* startDetached(inFlight, work, onDefect, () => store.inFlight.delete(inFlight.key))
  return yield* awaitResult(inFlight)
})

/** Waits for the same order in progress, and binds this credential to its purchase. */
export const joinInFlight = Effect.fn("OrderWorkflow.join")(function* (paid: Paid, inFlight: InFlightOrder) {
  const store = yield* PurchaseStore
  const { key, challengeId } = paid.verified
  const outcome = yield* Effect.exit(awaitResult(inFlight))
  const id = store.byKey(inFlight.key)?.id
  if (id !== undefined) store.bindKeys(key, challengeId, id)
  return yield* outcome
})

/** Whether the error concerns only the credential in progress, so that another credential may try. */
export const isAboutCredential = (inFlight: InFlightOrder, { verified }: Paid, error: OrderError): boolean =>
  inFlight.challengeId !== verified.challengeId && error._tag === "PaymentRejected"

/** Waits for an order in progress, until the caller's timeout. */
export const awaitResult = (inFlight: InFlightOrder) =>
  awaitInFlight(inFlight, () =>
    Effect.flatMap(PurchaseStore, (store) => {
      const purchase = store.byKey(inFlight.key)
      return new OrderInProgress({
        detail:
          "This order is still in progress. Repeat the same call with the Idempotency-Key of retry; it never pays twice.",
        charged: purchase === undefined ? false : charged(purchase.state),
        ...(purchase === undefined ? { deployment_id: null, status_url: null } : statusLinks(purchase)),
        retry: { idempotency_key: inFlight.key },
        retry_after: 5
      })
    })
  )
