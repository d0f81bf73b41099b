import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { OrderResult } from "../../domain/Order.ts"
import { Payers } from "../../payers/Payers.ts"
import { deliver } from "../delivery/deliver.ts"
import { awaitResult, register, runDetached } from "../idempotency/resolve-order.ts"
import { LEASE_MS, storedResult } from "../purchase/new-purchase.ts"
import { isDeleted, type Purchase } from "../purchase/Purchase.ts"
import { isOpen, PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import type { OrderError } from "../operations.ts"
import type { OrderServices } from "../OrderServices.ts"
import { applyRenewal } from "../renewal/apply.ts"
import { attemptOf } from "./attempt.ts"
import { reconcile } from "./capture.ts"
import { awaitsPayer } from "./retry.ts"
import { run } from "./run.ts"

/** Takes a purchase from its state to the end. The order saves each state before the effect that it announces. */
export const resumeFrom = (
  purchase: Purchase
): Effect.Effect<OrderResult, OrderError, PurchaseStore | OrderServices> => {
  switch (purchase.state) {
    case "capturing":
      return reconcile(purchase).pipe(
        // The attempt has counted as failed until now. The order does not wait for this correction.
        Effect.tap(() =>
          Effect.flatMap(Payers, (payers) =>
            Effect.forkDetach(payers.end(attemptOf(purchase, "purchase"), "forgotten"))
          )
        ),
        Effect.flatMap(resumeFrom)
      )
    case "captured":
      // It was taken down while the money moved, and the alarm ends it.
      if (isDeleted(purchase)) return storedResult(purchase)
      switch (purchase.operation) {
        case "deploy":
          return Effect.flatMap(deliver(purchase), resumeFrom)
        case "execute":
          return Effect.flatMap(run(purchase), resumeFrom)
        case "renew":
          return Effect.flatMap(applyRenewal(purchase), resumeFrom)
      }
    default:
      return storedResult(purchase)
  }
}

/** Continues a purchase, or waits for it if it is in progress. */
export const resume = Effect.fn("OrderWorkflow.resume")(function* (found: Purchase) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  // Its payer may have deleted the deployment since it was found, and no write may undo that.
  const purchase = store.byId(found.id) ?? found
  if (isDeleted(purchase)) return yield* storedResult(purchase)
  const inFlight = store.inFlight.get(purchase.key)
  if (inFlight !== undefined) return yield* awaitResult(inFlight)
  // The purchase no longer waits for its payer. From here on the order retries it like any other.
  const failure = awaitsPayer(purchase) ? null : purchase.failure
  const due = isOpen(purchase) ? now + LEASE_MS : purchase.due
  const resumed = save(store, transition.resumed(purchase, failure, due))
  const registered = register(store, purchase.key, purchase.challengeId)
  return yield* runDetached(registered, Effect.flatMap(resumed, resumeFrom))
})
