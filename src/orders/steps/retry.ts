import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { recordOwed, startRecord } from "../operator/records.ts"
import { type Failure, isDeleted, newPlacement, type Purchase } from "../purchase/Purchase.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { backoff } from "./backoff.ts"

/** An order tries this long by itself to deliver a purchase, in milliseconds: 7 days. Then the purchase waits for its payer. */
const RETRY_FOR_MS = 7 * 86_400_000

/** Whether a captured purchase waits for its payer, so that the order does not retry it by itself. */
export const awaitsPayer = ({ state, failure }: Purchase): boolean =>
  state === "captured" &&
  failure !== null &&
  (failure.fault === "code" || failure.at - (failure.since ?? failure.at) >= RETRY_FOR_MS)

/** A try that failed after the payment. */
export interface RecordedFailure {
  readonly purchase: Purchase
  /** Whether the purchase is charged and has not been delivered for 7 days. From then on the order waits for its payer. */
  readonly owed: boolean
  /**
   * When the order tries again by itself, in seconds from now; only if the purchase is not owed and the code is not at fault.
   */
  readonly retryAfter: number
}

/** Saves that a captured purchase could not be delivered, and when the next try is. */
export const recordFailure = Effect.fn("OrderWorkflow.recordFailure")(function* (
  id: string,
  failure: Omit<Failure, "at">
) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)!
  const wait = backoff.delivery(purchase.attempts)
  // The time counts for this code alone, because its payer may have sent other code since.
  const since = purchase.failure?.since ?? now
  const owed = now - since >= RETRY_FOR_MS
  // The host would refuse the same code again, so the purchase waits for its payer and keeps its project for RETRY_FOR_MS. A
  // purchase without a project gets a new place, because the order no longer watches the old slug.
  const waiting = (failure.fault === "code" || owed) && !isDeleted(purchase)
  const placed = purchase.placement?.projectId != null
  const due = !waiting ? now + wait : placed ? now + RETRY_FOR_MS : null
  const placement = waiting && !placed && purchase.placement !== null ? newPlacement(purchase.slug) : purchase.placement
  yield* save(store, transition.retryAt(transition.placed(purchase, placement), due, { ...failure, at: now, since }))
  if (!isDeleted(purchase) && (purchase.attempts === 0 || waiting)) {
    yield* startRecord(recordOwed(purchase, { state: waiting ? "waiting" : "retrying", why: failure.detail }))
  }
  if (owed && failure.fault === "service") {
    yield* Effect.logError("owed: charged and not delivered for 7 days", id, purchase.authorization.reference)
  }
  return { purchase, owed, retryAfter: Math.ceil(wait / 1000) } satisfies RecordedFailure
})
