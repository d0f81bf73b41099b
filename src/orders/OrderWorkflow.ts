import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DeployOrder, ExecuteOrder, OrderResult, RenewOrder } from "../domain/Order.ts"
import { markReplayed } from "../domain/replayed.ts"
import { layerWorkSlots } from "./build/WorkSlots.ts"
import { isAboutCredential, joinInFlight, resolveOrder, runDetached } from "./idempotency/resolve-order.ts"
import { deployed, executed, type OrderError, type OrderOperations, renewed } from "./operations.ts"
import { type OrderServices, pickOrderServices } from "./OrderServices.ts"
import { sendNotices } from "./notices/send-notices.ts"
import { markAcknowledged, storedResult } from "./purchase/new-purchase.ts"
import { isDeleted, isHeld, statusOf } from "./purchase/Purchase.ts"
import { PurchaseStore } from "./purchase/PurchaseStore.ts"
import { inspect } from "./operator/inspect.ts"
import { takeDown } from "./operator/take-down.ts"
import { readLogs } from "./proved/read-logs.ts"
import { readSource } from "./proved/read-source.ts"
import { remove } from "./proved/remove.ts"
import { buyRenewal, markRenewed } from "./renewal/buy-renewal.ts"
import { commit } from "./renewal/commit.ts"
import { hold, release } from "./renewal/hold.ts"
import { buy } from "./steps/buy.ts"
import { layerCrowd } from "./ending/Crowd.ts"
import { beginEnd } from "./steps/expire.ts"
import { resume } from "./steps/resume.ts"
import { awaitsPayer } from "./steps/retry.ts"
import { submitUpdate } from "./steps/update.ts"
import { wake } from "./steps/wake.ts"
import { countRefusal } from "../telemetry/metrics.ts"

/** The order's alarm deletes an expired deployment within this time, in milliseconds. The sweep deletes the rest. */
const GRACE_MS = 600_000

/**
 * The workflow of an order. Its steps for a deploy: authorize, bundle, start, capture, deliver. The last step of an execution
 * runs the code. The workflow works inside the order's object, on that object's `PurchaseStore`, and knows neither HTTP nor
 * Durable Objects.
 */
export class OrderWorkflow extends Context.Service<
  OrderWorkflow,
  OrderOperations<PurchaseStore> & {
    /** Continues every purchase that is due: after a crash, an outage, or a payment that the chain had not confirmed. */
    readonly wake: Effect.Effect<void, never, PurchaseStore>
    /** Tells the payers' objects what has changed. The owner of the store calls it after a write that adds a notice. */
    readonly sendNotices: Effect.Effect<void, never, PurchaseStore>
  }
>()("mpp-compute/orders/OrderWorkflow") {}

const submit = Effect.fn("OrderWorkflow.submit")(function* (
  order: DeployOrder | ExecuteOrder | RenewOrder
): Effect.fn.Return<OrderResult, OrderError, PurchaseStore | OrderServices> {
  const now = yield* Clock.currentTimeMillis
  const store = yield* PurchaseStore
  // It leaves only as a keyed hash.
  yield* Effect.annotateCurrentSpan("enduser.pseudo.id", order.verified.payer)
  const resolution = resolveOrder(store, order, now)
  switch (resolution._tag) {
    case "New":
      return yield* runDetached(resolution.inFlight, "id" in order ? buyRenewal(order) : buy(order))
    case "Resume":
      return yield* resume(resolution.purchase)
    case "Join":
      return yield* joinInFlight(order, resolution.inFlight).pipe(
        // An error of another credential tells nothing about this credential.
        Effect.catchIf(
          (error) => isAboutCredential(resolution.inFlight, order, error),
          () => submit(order)
        )
      )
    case "Finished":
      return { ...(yield* Effect.mapError(storedResult(resolution.purchase), markReplayed)), replayed: true }
    case "Refused":
      return yield* resolution.error
  }
})

/** Counts a call that ends without a charge. */
const countRefused = (operation: "deploy" | "execute" | "renew") => (error: OrderError) =>
  error._tag === "PaymentRejected" || error.charged === false ? countRefusal(operation, error._tag) : Effect.void

const status = Effect.fn("OrderWorkflow.status")(function* (id: string) {
  const store = yield* PurchaseStore
  const purchase = store.byId(id)
  return purchase?.operation === "deploy" ? statusOf(purchase) : undefined
})

const claims = Effect.fn("OrderWorkflow.claims")(function* (id: string, projectId: string) {
  const store = yield* PurchaseStore
  const purchase = store.byId(id)
  if (purchase?.operation !== "deploy" || isDeleted(purchase)) return false
  if (awaitsPayer(purchase)) return purchase.placement?.projectId === projectId
  if (purchase.state !== "delivered") return purchase.state === "capturing" || purchase.state === "captured"
  const now = yield* Clock.currentTimeMillis
  // A deployment that gets a new project may get any project.
  const placed = purchase.placement?.projectId ?? (purchase.gone === true ? projectId : null)
  if (placed !== projectId) return false
  // The caller deletes a project that nobody claims.
  return isHeld(purchase) || beginEnd(store, id, now - GRACE_MS) === undefined
})

/** Runs orders on these services. */
export const layerOrderWorkflow = Layer.effect(
  OrderWorkflow,
  Effect.gen(function* () {
    const services = pickOrderServices(yield* Effect.context<OrderServices>())
    return OrderWorkflow.of({
      submit: (order) =>
        submit(order).pipe(
          deployed,
          Effect.tapError(countRefused("deploy")),
          Effect.tap(markAcknowledged),
          Effect.provideContext(services)
        ),
      execute: (order) =>
        submit(order).pipe(
          executed,
          Effect.tapError(countRefused("execute")),
          Effect.tap(markAcknowledged),
          Effect.provideContext(services)
        ),
      renew: (order) =>
        submit(order).pipe(
          renewed,
          Effect.tapError(countRefused("renew")),
          Effect.tap(() => markRenewed(order)),
          Effect.provideContext(services)
        ),
      hold: (request) => Effect.provideContext(hold(request), services),
      commit: (request) => Effect.provideContext(commit(request), services),
      release,
      remove: (request) => Effect.provideContext(remove(request), services),
      takeDown: (request) => Effect.provideContext(takeDown(request), services),
      update: (order) => submitUpdate(order).pipe(Effect.tap(markAcknowledged), Effect.provideContext(services)),
      readSource,
      readLogs,
      wake: Effect.provideContext(wake, services),
      sendNotices: Effect.provideContext(sendNotices, services),
      claims,
      status,
      inspect
    })
  })
).pipe(Layer.provide([layerWorkSlots, layerCrowd]))
