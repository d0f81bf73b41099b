import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Internal, OrderInProgress } from "../../domain/Errors.ts"
import type { Deployed, UpdateOrder } from "../../domain/Order.ts"
import { again, findForPayer, usedProof } from "../proved/find-for-payer.ts"
import { awaitInFlight, startDetached } from "./detached.ts"
import { PurchaseStore, type InFlightUpdate } from "../purchase/PurchaseStore.ts"
import type { UpdateError } from "../operations.ts"
import { charged } from "../purchase/Purchase.ts"

/** How to handle an update. */
export type UpdateResolution =
  | { readonly _tag: "New"; readonly update: InFlightUpdate }
  /** The same update is in progress. */
  | { readonly _tag: "Join"; readonly update: InFlightUpdate }
  | { readonly _tag: "Refused"; readonly error: UpdateError }

const refused = (error: UpdateError): UpdateResolution => ({ _tag: "Refused", error })

/**
 * Decides how to handle an update. The deployment must exist and be unexpired, its payer must ask, and the proof must be new.
 * One update runs at a time, because the last upload that the host gets serves. Look-up and registration are one synchronous
 * step.
 */
export const resolveUpdate = (store: PurchaseStore["Service"], order: UpdateOrder, now: number): UpdateResolution => {
  const { id, terms, verified } = order
  const { key, challengeId } = verified
  const found = findForPayer(store, order, now)
  if (Result.isFailure(found)) return refused(found.failure)
  const purchase = found.success
  const update = store.inFlightUpdates.get(id)
  if (update !== undefined && update.challengeId === challengeId) return { _tag: "Join", update }
  if (store.byChallenge(challengeId) !== undefined) return refused(usedProof(order))
  if (update !== undefined && update.body !== terms.bodyDigest) {
    return refused(
      new OrderInProgress({
        detail: "Another update of this deployment is in progress. Send this one again when it is done.",
        charged: charged(purchase.state),
        deployment_id: id,
        ...again(id, key)
      })
    )
  }
  // Keys of updates are separate from keys of deploys, so one text may be both.
  store.bindKeys(`update ${key}`, challengeId, id)
  if (update !== undefined) return { _tag: "Join", update }
  const inFlight = { body: terms.bodyDigest, key, challengeId, outcome: Deferred.makeUnsafe<Deployed, UpdateError>() }
  store.inFlightUpdates.set(id, inFlight)
  return { _tag: "New", update: inFlight }
}

/** Does an update in a fiber of its own, so that it continues when its caller goes away, and waits for it. */
export const runUpdateDetached = Effect.fnUntraced(function* <R>(
  id: string,
  update: InFlightUpdate,
  work: Effect.Effect<Deployed, UpdateError, R>
) {
  const store = yield* PurchaseStore
  const onDefect = (defect: unknown) =>
    Effect.andThen(
      Effect.logError("a defect in an update", String(defect)),
      new Internal({
        detail: "An internal error. Send the update again; it is free.",
        charged: true,
        retry: { idempotency_key: update.key }
      })
    )
  yield* startDetached(update, work, onDefect, () => store.inFlightUpdates.delete(id))
  return yield* awaitUpdate(id, update)
})

/** Waits for an update in progress, until the caller's timeout. */
export const awaitUpdate = (id: string, update: InFlightUpdate) =>
  awaitInFlight(
    update,
    () =>
      new OrderInProgress({
        detail: "The update is still in progress. See status_url, or send it again; it is free.",
        charged: true,
        deployment_id: id,
        ...again(id, update.key)
      })
  )
