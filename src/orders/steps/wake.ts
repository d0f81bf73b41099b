import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { LEASE_MS } from "../purchase/new-purchase.ts"
import { isHeld, type Purchase } from "../purchase/Purchase.ts"
import { BUILD_FAILURE_TTL_MS, PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { end } from "../ending/end.ts"
import { removeLate } from "../ending/remove-late.ts"
import { isOver, releaseProject } from "./expire.ts"
import { sendNotices } from "../notices/send-notices.ts"
import { tendRenewals } from "../renewal/settle-holds.ts"
import { resume } from "./resume.ts"
import { awaitsPayer } from "./retry.ts"
import { resumeUpdate } from "./update.ts"

/** A purchase that has ended is kept this much longer, in milliseconds, while its payer's object does not know the end. */
const UNTOLD_MS = 900_000

/** One alarm waits this long for its purchases, in milliseconds, because the platform counts the time. */
const WAKE_MS = 20_000

/** Continues every purchase that is due: after a crash, an outage, or a payment that the chain had not confirmed. */
export const wake = Effect.gen(function* () {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const failure = store.buildFailure()
  if (failure !== undefined && now - failure.at >= BUILD_FAILURE_TTL_MS) store.clearBuildFailure()
  const due = store.findDue(now)
  yield* Effect.all(
    due.map((purchase) => save(store, transition.wakeAt(purchase, nextWakeAt(purchase, now)))),
    { discard: true }
  )
  const ends = (purchase: Purchase) =>
    (purchase.state === "delivered" || purchase.state === "captured") && isOver(purchase, now) && !isHeld(purchase)
  // Work in progress stops by itself once its deployment is taken down. Until then it may still create something at the host.
  const endsSoon = ({ takedown, key, id }: Purchase) =>
    takedown !== undefined && (store.inFlight.has(key) || store.inFlightUpdates.has(id))
  const processDue = (purchase: Purchase) => {
    if (purchase.state === "expired" && purchase.lateUntil !== undefined) return removeLate(purchase.id)
    const kept = purchase.operation === "renew" && purchase.state === "delivered"
    if (kept || purchase.state === "expired" || purchase.state === "failed") {
      // Its payer's object must know the end first.
      return store.outbox.isPending(purchase.id) ? Effect.void : Effect.sync(() => store.delete(purchase.id))
    }
    if (purchase.state === "delivered") return Effect.andThen(tendRenewals(purchase.id), resumeUpdate(purchase))
    if (store.inFlight.has(purchase.key)) return Effect.void
    return awaitsPayer(purchase) ? releaseProject(purchase) : Effect.ignore(resume(purchase))
  }
  const others = due.filter((purchase) => !ends(purchase))
  const process = (purchase: Purchase) =>
    Effect.annotateSpans(processDue(purchase), "mpp_compute.deployment_id", purchase.id)
  yield* Effect.forEach(others, process, { concurrency: "unbounded", discard: true }).pipe(
    // Each purchase continues in a fiber of its own, and only the wait ends here.
    Effect.zip(sendNotices, { concurrent: true }),
    Effect.timeoutOption(WAKE_MS),
    Effect.zip(
      end(
        due.filter((purchase) => ends(purchase) && !endsSoon(purchase)),
        now
      ),
      { concurrent: true }
    )
  )
}).pipe(Effect.withSpan("OrderWorkflow.wake"))

/** Next wake-up of a purchase in progress: after the lease (in case of a crash) or at expiry, whichever is first. */
const nextWakeAt = (purchase: Purchase, now: number): number => {
  if (purchase.state === "expired" || purchase.state === "failed") return now + UNTOLD_MS
  return purchase.state === "delivered" && !isOver(purchase, now)
    ? Math.min(now + LEASE_MS, transition.endsAt(purchase))
    : now + LEASE_MS
}
