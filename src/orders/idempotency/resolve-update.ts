import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { Expired, Forbidden, Internal, NotFound, OrderInProgress } from "../../domain/Errors.ts"
import { type Deployed, type UpdateOrder, statusPath } from "../../domain/Order.ts"
import { PaymentRejected } from "../../payment/PaymentService.ts"
import { isOver } from "../steps/expire.ts"
import { PurchaseStore, type InFlightUpdate } from "../purchase/PurchaseStore.ts"
import type { UpdateError } from "../rpc.ts"
import { charged } from "../purchase/Purchase.ts"

/** How long a caller waits for its update, before it is told to come back. */
const CALLER_TIMEOUT = "60 seconds"

/** An order handles an update in these ways. */
export type UpdateResolution =
  | { readonly _tag: "New"; readonly updating: InFlightUpdate }
  /** The same is being served at this moment. */
  | { readonly _tag: "Join"; readonly updating: InFlightUpdate }
  | { readonly _tag: "Refused"; readonly error: UpdateError }

/** How an update is asked for again. */
const again = (id: string, key: string) => ({
  status_url: statusPath(id),
  retry: { idempotency_key: key },
  retry_after: 5
})

const refused = (error: UpdateError): UpdateResolution => ({ _tag: "Refused", error })

/**
 * Whether this update may be served: the deployment is there, its time is not over, its payer asks, and the proof was not
 * used before. One at a time: what the host is sent last is what serves. Look-up and claim are one synchronous step.
 */
export const resolveUpdate = (
  store: PurchaseStore["Service"],
  { id, terms, verified }: UpdateOrder,
  now: number
): UpdateResolution => {
  const { payer, key, challengeId } = verified
  const purchase = store.byId(id)
  if (purchase?.operation !== "deploy" || purchase.state === "failed") {
    return refused(new NotFound({ detail: "No such deployment. Check the deployment_id, or POST /deploy." }))
  }
  if (isOver(purchase, now)) {
    return refused(
      new Expired({ detail: "This deployment has lived its time. POST /deploy for another.", deployment_id: id })
    )
  }
  if (purchase.payer !== payer) {
    return refused(
      new Forbidden({ detail: "Only who paid for this deployment can update it. Sign with the key that paid." })
    )
  }
  const busy = (detail: string) =>
    refused(new OrderInProgress({ detail, charged: charged(purchase.state), deployment_id: id, ...again(id, key) }))
  if (purchase.state === "capturing") return busy("The chain has not confirmed the payment yet. Send the update again.")
  const updating = store.inFlightUpdates.get(id)
  if (updating !== undefined && updating.challengeId === challengeId) return { _tag: "Join", updating }
  if (store.byChallenge(challengeId) !== undefined) {
    const detail = "This challenge has been used. Answer the fresh one; updates are free."
    return refused(new PaymentRejected({ problem: "invalid-challenge", detail, key }))
  }
  if (updating !== undefined && updating.body !== terms.bodyDigest) {
    return busy("Another update of this deployment is being served. Send this one again when it is done.")
  }
  // The keys of updates are none of a deploy's: the same one may stand for both.
  store.bindKeys(`update ${key}`, challengeId, id)
  if (updating !== undefined) return { _tag: "Join", updating }
  const entered = { body: terms.bodyDigest, key, challengeId, outcome: Deferred.makeUnsafe<Deployed, UpdateError>() }
  store.inFlightUpdates.set(id, entered)
  return { _tag: "New", updating: entered }
}

/** Serves an update in a fiber of its own, so that no caller's end is the work's end, and waits for it. */
export const runUpdateDetached = Effect.fnUntraced(function* (
  id: string,
  updating: InFlightUpdate,
  work: Effect.Effect<Deployed, UpdateError, PurchaseStore>
) {
  const store = yield* PurchaseStore
  yield* work.pipe(
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.logError("a defect while serving an update", String(defect)),
        new Internal({
          detail: "Something broke on our side. Send the update again; it is free.",
          charged: true,
          retry: { idempotency_key: updating.key }
        })
      )
    ),
    Effect.onExit(() => Effect.sync(() => store.inFlightUpdates.delete(id))),
    Deferred.into(updating.outcome),
    Effect.forkDetach
  )
  return yield* awaitUpdate(id, updating)
})

/** Waits for an update that is being served, for as long as a caller's patience lasts. */
export const awaitUpdate = (id: string, { key, outcome }: InFlightUpdate) =>
  Deferred.await(outcome).pipe(
    Effect.timeoutOrElse({
      duration: CALLER_TIMEOUT,
      orElse: () =>
        new OrderInProgress({
          detail: "The update is still being served. Look at its status, or send it again; it is free.",
          charged: true,
          deployment_id: id,
          ...again(id, key)
        })
    })
  )
