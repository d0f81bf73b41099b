import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { NotFound } from "../../domain/Errors.ts"
import type { TakedownRequest, TakenDown } from "../../domain/Order.ts"
import type { TakedownError } from "../operations.ts"
import type { OrderServices } from "../OrderServices.ts"
import { ended, LEASE_MS } from "../purchase/new-purchase.ts"
import type { Captured, Delivered, Purchase } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { expire, EXPIRE_MS, removeProject } from "../steps/expire.ts"
import { recordLoss, startRecord } from "./records.ts"

/** A takedown waits this long for a delivery or an update in progress. The alarm continues it then. */
const WORK_TIMEOUT = "60 seconds"

/**
 * Takes a deployment down for the operator, for good. Unlike a delete it waits neither for the payment of a renewal nor for a
 * delivery: the order records it at once, and every step that is in progress finds it and stops. What was captured and gives
 * nothing is recorded as owed. A second takedown succeeds again.
 */
export const takeDown = Effect.fn("OrderWorkflow.takeDown")(function* ({
  id,
  reason
}: TakedownRequest): Effect.fn.Return<TakenDown, TakedownError, PurchaseStore | OrderServices> {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  if (purchase?.operation !== "deploy" || purchase.state === "failed") {
    return yield* new NotFound({ detail: "No such deployment. Check the deployment_id." })
  }
  if (purchase.takedown === undefined) {
    if (purchase.state === "expired") return yield* ended(purchase, "There is nothing to take down.")
    const saved = save(store, transition.takenDown(purchase, { at: now, reason }, now + LEASE_MS))
    yield* Effect.logWarning("taken down by the operator", id, reason)
    // Work in progress may change the state meanwhile. Otherwise `expire` records the same, in the same call or after a crash.
    const isWorking = store.inFlight.has(purchase.key) || store.inFlightUpdates.has(id)
    const after = yield* saved
    if (isWorking) yield* startRecord(recordLoss(after))
  }
  yield* stopWork(id)
  const left = store.byId(id)
  if (isThere(left)) yield* expire([left], { patient: true })
  const { takedown, state } = store.byId(id) ?? { takedown: { reason }, state: "expired" }
  return {
    deployment_id: id,
    status: "deleted",
    taken_down: takedown?.reason ?? reason,
    // Nothing is placed before the chain has confirmed the payment.
    confirmed: state === "expired" || state === "capturing"
  }
})

const isThere = (purchase: Purchase | undefined): purchase is Captured | Delivered =>
  purchase?.state === "captured" || purchase?.state === "delivered"

/** Deletes the project at once, and waits until nothing is in progress that could make another. */
const stopWork = Effect.fnUntraced(function* (id: string) {
  const store = yield* PurchaseStore
  const purchase = store.byId(id)
  if (!isThere(purchase)) return
  const order = store.inFlight.get(purchase.key)
  const update = store.inFlightUpdates.get(id)
  if (order === undefined && update === undefined) return
  const ends = [
    order === undefined ? Effect.void : Effect.exit(Deferred.await(order.outcome)),
    update === undefined ? Effect.void : Effect.exit(Deferred.await(update.outcome))
  ]
  yield* Effect.ignore(removeProject(purchase)).pipe(Effect.timeoutOption(EXPIRE_MS))
  yield* Effect.all(ends, { concurrency: "unbounded", discard: true }).pipe(Effect.timeoutOption(WORK_TIMEOUT))
})
