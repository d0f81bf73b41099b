import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { OrderInProgress } from "../../domain/Errors.ts"
import type { Deleted, ProvedRequest } from "../../domain/Order.ts"
import type { ProvedError } from "../operations.ts"
import type { OrderServices } from "../OrderServices.ts"
import { LEASE_MS } from "../purchase/new-purchase.ts"
import { isDeleted, isHeld } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { expire } from "../steps/expire.ts"
import { again, findForPayer, type PaidDeployment, usedProof } from "./find-for-payer.ts"

/** A delete waits this long for a delivery in progress. */
const DELIVERY_TIMEOUT = "60 seconds"

/**
 * Deletes a deployment for its payer, for good. The order records it before it asks the host, and asks until the host no longer
 * shows the project, whether the client waits or not. A deployment that is being delivered is deleted once that has ended. A
 * second delete succeeds again.
 */
export const remove = Effect.fn("OrderWorkflow.remove")(function* (
  request: ProvedRequest
): Effect.fn.Return<Deleted, ProvedError, PurchaseStore | OrderServices> {
  const { id } = request
  const store = yield* PurchaseStore
  const purchase = yield* record(request)
  if (purchase.state !== "expired") yield* expire([purchase], { patient: true })
  // It is forgotten a week after its end.
  const left = store.byId(id)
  if (left === undefined || left.state === "expired") return { deployment_id: id, status: "deleted" }
  return yield* inProgress(
    request,
    `The deployment is deleted, and the host has not confirmed it. The service asks it again by itself. ${left.failure?.detail ?? ""}`
  )
})

/** Records the delete, unless that has happened, and returns the purchase. */
const record = Effect.fnUntraced(function* (
  request: ProvedRequest
): Effect.fn.Return<PaidDeployment, ProvedError, PurchaseStore> {
  const store = yield* PurchaseStore
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    const found = findForPayer(store, request, now, { deletedToo: true })
    if (Result.isFailure(found)) return yield* Effect.fail(found.failure)
    const purchase = found.success
    if (purchase.state === "expired" || isDeleted(purchase)) return purchase
    if (isHeld(purchase)) {
      return yield* inProgress(request, "A renewal of the deployment is being paid. Send the delete again in a minute.")
    }
    const delivering = store.inFlight.get(purchase.key)
    if (delivering === undefined) {
      if (!store.spendProof(request.verified.challengeId, now)) return yield* usedProof(request)
      const deleted = save(store, transition.deleted(purchase, now, now + LEASE_MS))
      return yield* Effect.tap(deleted, Effect.logInfo("deleted by its payer", purchase.id))
    }
    yield* Effect.exit(Deferred.await(delivering.outcome)).pipe(
      Effect.timeoutOrElse({
        duration: DELIVERY_TIMEOUT,
        orElse: () => inProgress(request, "The deployment is being delivered. Send the delete again.")
      })
    )
  }
})

const inProgress = ({ id, verified }: ProvedRequest, detail: string) =>
  new OrderInProgress({ detail, charged: true, deployment_id: id, ...again(id, verified.key) })
