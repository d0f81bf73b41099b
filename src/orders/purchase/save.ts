import * as Effect from "effect/Effect"
import type { Kept } from "./Kept.ts"
import type { Purchase } from "./Purchase.ts"
import type { Payload, PurchaseStore } from "./PurchaseStore.ts"

type Store = PurchaseStore["Service"]

/** Writes a purchase's first state, its keys, its payload, its source and its secrets at once. The effect logs it. */
export const create = <P extends Purchase>(
  store: Store,
  purchase: P,
  payload?: Payload,
  kept?: Kept
): Effect.Effect<P> => {
  store.create(purchase, payload, kept)
  return Effect.as(logTransition(null, purchase), purchase)
}

/**
 * Writes a purchase's next state, and its payload, source and secrets if there are new ones. The effect logs the transition if the state changes.
 * The write happens in the call and not in the effect, because a fiber may be suspended between two effects, and the look-up
 * and the write must be one synchronous step.
 */
export const save = <P extends Purchase>(
  store: Store,
  purchase: P,
  payload?: Payload,
  kept?: Kept
): Effect.Effect<P> => {
  const from = store.byId(purchase.id)?.state
  if (payload === undefined) store.save(purchase)
  else store.saveWithPayload(purchase, payload, kept)
  return from === purchase.state ? Effect.succeed(purchase) : Effect.as(logTransition(from ?? null, purchase), purchase)
}

/** Logs a line for each transition, without anything that could be spent. */
const logTransition = (from: Purchase["state"] | null, { id, state, authorization, placement, failure }: Purchase) =>
  Effect.annotateLogs(Effect.logInfo("order"), {
    deployment_id: id,
    from,
    to: state,
    reference: authorization.reference,
    ...(placement?.projectId != null && { project_id: placement.projectId }),
    ...(state === "failed" && failure !== null && { failure: failure.detail })
  })
