import * as Effect from "effect/Effect"
import type { Kept } from "./Kept.ts"
import type { Purchase } from "./Purchase.ts"
import type { Payload, PurchaseStore } from "./PurchaseStore.ts"
import { keepTakedown } from "./transitions.ts"
import { countTransition } from "../../telemetry/metrics.ts"

type Store = PurchaseStore["Service"]

/** Writes a purchase's first state, its keys, its payload, its source and its secrets at once. The effect logs it. */
export const create = <P extends Purchase>(
  store: Store,
  purchase: P,
  payload?: Payload,
  kept?: Kept
): Effect.Effect<P> => {
  store.create(purchase, payload, kept)
  return Effect.as(tell(null, purchase), purchase)
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
  const before = store.byId(purchase.id)
  // The writer may have read the purchase before it was taken down.
  const next = keepTakedown(before, purchase)
  if (payload === undefined) store.save(next)
  else store.saveWithPayload(next, payload, kept)
  return before?.state === next.state ? Effect.succeed(next) : Effect.as(tell(before?.state ?? null, next), next)
}

/** Logs and counts a transition. The store takes each only once, whatever is repeated, so each counts once. */
const tell = (from: Purchase["state"] | null, purchase: Purchase): Effect.Effect<void> =>
  Effect.andThen(
    Effect.annotateCurrentSpan("mpp_compute.deployment_id", purchase.id),
    Effect.andThen(countTransition(purchase), logTransition(from, purchase))
  )

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
