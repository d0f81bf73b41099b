import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { index, projectTags } from "../delivery/deliver.ts"
import { expiryOf, isDeleted } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import { rested } from "../purchase/transitions.ts"
import { backoff } from "../steps/backoff.ts"

/**
 * Gives the newest expiry of a renewed deployment to the host's tags and to the index. It repeats until both have it. No decision
 * reads the index, and the sweep deletes no project that an order claims, so a late tag does no harm.
 */
export const retag = Effect.fn("OrderWorkflow.retag")(function* (id: string) {
  const store = yield* PurchaseStore
  const host = yield* ControlPlaneClient
  for (;;) {
    const purchase = store.byId(id)
    if (purchase?.state !== "delivered" || purchase.retag === undefined || isDeleted(purchase)) return
    const { placement } = purchase
    const expiry = expiryOf(purchase)!
    // A project that is gone gets the tags when the order places it anew.
    if (placement?.projectId != null) {
      const exit = yield* Effect.exit(host.tag(placement.projectId, projectTags(Math.floor(expiry / 1000))))
      if (Exit.isFailure(exit)) {
        yield* Effect.logWarning("a renewed deployment was not tagged", id, exit.cause)
        const now = yield* Clock.currentTimeMillis
        return yield* later(store, id, now)
      }
      // It may have ended meanwhile, and is in no list then.
      const tagged = store.byId(id)
      if (tagged?.state === "delivered") yield* index(tagged)
    }
    const present = store.byId(id)
    if (present?.state !== "delivered") return
    // Another renewal may have come meanwhile, and its tags may have been sent earlier than these.
    if (expiryOf(present) !== expiry || present.placement?.projectId !== placement?.projectId) continue
    const { retag: _, ...done } = present
    yield* save(store, rested(done))
    return
  }
})

/**
 * Does it again, after a try that has failed or was cut off. The order saves the next try first, because a host that hangs lets
 * this one end without a word.
 */
export const retagAgain = Effect.fnUntraced(function* (id: string) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  if (purchase?.state !== "delivered" || purchase.retag === undefined) return
  const { attempts } = purchase.retag
  yield* save(store, rested({ ...purchase, retag: { attempts: attempts + 1, due: now + backoff.hang(attempts) } }))
  yield* retag(id)
})

/** The host has refused, or did not answer in time. The next try comes sooner than after a host that hangs. */
const later = (store: PurchaseStore["Service"], id: string, now: number): Effect.Effect<unknown> => {
  const purchase = store.byId(id)
  if (purchase?.state !== "delivered" || purchase.retag === undefined) return Effect.void
  const { attempts } = purchase.retag
  const due = now + backoff.delivery(attempts)
  return save(store, rested({ ...purchase, retag: { attempts: Math.max(attempts, 1), due } }))
}
