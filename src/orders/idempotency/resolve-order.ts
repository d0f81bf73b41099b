import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { BundleFailed, Internal, OrderInProgress } from "../../domain/Errors.ts"
import type { OrderResult, PaidRequest } from "../../domain/Order.ts"
import { PaymentRejected } from "../../payment/PaymentService.ts"
import { PurchaseStore, type InFlightOrder, BUILD_FAILURE_TTL_MS } from "../purchase/PurchaseStore.ts"
import type { OrderError } from "../rpc.ts"
import { purchaseOf, replayed } from "./replay.ts"
import { charged, type Purchase, statusLinks } from "../purchase/Purchase.ts"

/** How long a caller waits for an order that is being served, before it is told to come back. The serving goes on. */
const CALLER_TIMEOUT = "60 seconds"

/** An order handles a submission in these ways. All but `New` discard the credential, unbroadcast. */
export type OrderResolution =
  /** Nothing stands in its way: a new purchase. */
  | { readonly _tag: "New"; readonly serving: InFlightOrder }
  /** A purchase that was paid for, or may have been, and is not live: it is resumed. */
  | { readonly _tag: "Resume"; readonly purchase: Purchase }
  /** The same is being served at this moment. */
  | { readonly _tag: "Join"; readonly serving: InFlightOrder }
  /** Delivered, and maybe expired since: the stored answer. */
  | { readonly _tag: "Finished"; readonly purchase: Purchase }
  | { readonly _tag: "Refused"; readonly error: OrderError }

/** Enters somebody as being served. Look-up and entry happen in one synchronous step. */
export const register = (store: PurchaseStore["Service"], key: string, challengeId: string): InFlightOrder => {
  const serving = { key, challengeId, outcome: Deferred.makeUnsafe<OrderResult, OrderError>() }
  store.inFlight.set(key, serving)
  return serving
}

/**
 * Decides what a submission is to its order (the rules under "who, what, which"). It looks up challenge and key before
 * expiry, simulation or anything else that could ask for money again.
 */
export const resolveOrder = (store: PurchaseStore["Service"], paid: PaidRequest, now: number): OrderResolution => {
  const { challengeId } = paid.verified
  const keyed = paid.idempotencyKey !== undefined
  const key = paid.idempotencyKey?.key ?? paid.verified.key
  const used = store.byChallenge(challengeId)
  const inFlight = [...store.inFlight.values()].some((one) => one.challengeId === challengeId)
  if (used === undefined && !inFlight && key !== paid.verified.key) {
    const detail =
      "The challenge is for another Idempotency-Key. Send the one it was issued for, or answer the fresh one."
    return { _tag: "Refused", error: new PaymentRejected({ problem: "invalid-challenge", detail, key }) }
  }
  if (used !== undefined && !inFlight) {
    const error = replayed(store, used, paid)
    if (error !== undefined) return { _tag: "Refused", error }
  }
  const known = used ?? purchaseOf(store, key)
  // Before what is owed: a key whose own purchase is being made stands for that.
  const own = [...store.inFlight.values()].find(
    (one) => one.challengeId === challengeId || one.key === (known?.key ?? key)
  )
  const purchase = known ?? (own === undefined ? store.findUndelivered() : undefined)
  const serving = own ?? (purchase === undefined ? undefined : store.inFlight.get(purchase.key))
  if (serving !== undefined) return { _tag: "Join", serving }
  if (purchase === undefined) {
    // Without a key of its own a second call is an agent that starts over, not one that wants two.
    const other = keyed ? undefined : store.inFlight.values().next().value
    if (other !== undefined) return { _tag: "Join", serving: other }
    const verdict = store.buildFailure()
    if (verdict !== undefined && now - verdict.at < BUILD_FAILURE_TTL_MS) {
      const { detail, diagnostics } = verdict
      return { _tag: "Refused", error: new BundleFailed({ detail, diagnostics }) }
    }
    return { _tag: "New", serving: register(store, key, challengeId) }
  }
  // The challenge's own key: whoever has seen a used credential could take any other for ever.
  store.bindKeys(paid.verified.key, challengeId, purchase.id)
  if (purchase.state === "delivered" || purchase.state === "expired") return { _tag: "Finished", purchase }
  return { _tag: "Resume", purchase }
}

/**
 * Does the work in a fiber of its own, so that no caller's end is the work's end, and lets the first caller wait for it
 * like everybody else.
 */
export const runDetached = Effect.fn("OrderWorkflow.serve")(function* (
  serving: InFlightOrder,
  work: Effect.Effect<OrderResult, OrderError, PurchaseStore>
) {
  const store = yield* PurchaseStore
  yield* work.pipe(
    Effect.catchDefect((defect) =>
      Effect.andThen(Effect.logError("a defect while serving an order", defect), () => {
        const state = store.byKey(serving.key)?.state
        return Effect.fail(
          new Internal({
            detail:
              "Something broke on our side. Repeat the same call with the Idempotency-Key of retry: it never pays twice.",
            charged: state === undefined ? false : charged(state),
            retry: { idempotency_key: serving.key }
          })
        )
      })
    ),
    Effect.onExit(() => Effect.sync(() => store.inFlight.delete(serving.key))),
    Deferred.into(serving.outcome),
    Effect.forkDetach
  )
  return yield* awaitResult(serving)
})

/** Waits for somebody else's work on the same order, and notes that this credential stands for the same purchase. */
export const joinInFlight = Effect.fn("OrderWorkflow.join")(function* (paid: PaidRequest, serving: InFlightOrder) {
  const store = yield* PurchaseStore
  const { key, challengeId } = paid.verified
  const outcome = yield* Effect.exit(awaitResult(serving))
  const id = store.byKey(serving.key)?.id
  if (id !== undefined) store.bindKeys(key, challengeId, id)
  return yield* outcome
})

/** Whether what went wrong is a matter of the credential that was served, so that another one deserves its own try. */
export const isAboutCredential = (serving: InFlightOrder, { verified }: PaidRequest, error: OrderError): boolean =>
  serving.challengeId !== verified.challengeId && error._tag === "PaymentRejected"

/** Waits for what is being served, for as long as a caller's patience lasts. */
export const awaitResult = ({ key, outcome }: InFlightOrder) =>
  Deferred.await(outcome).pipe(
    Effect.timeoutOrElse({
      duration: CALLER_TIMEOUT,
      orElse: () =>
        Effect.flatMap(PurchaseStore, (store) => {
          const purchase = store.byKey(key)
          return new OrderInProgress({
            detail:
              "This order is still being served. Repeat the same call with the Idempotency-Key of retry; it never pays twice.",
            charged: purchase === undefined ? false : charged(purchase.state),
            ...(purchase === undefined ? { deployment_id: null, status_url: null } : statusLinks(purchase)),
            retry: { idempotency_key: key },
            retry_after: 5
          })
        })
    })
  )
