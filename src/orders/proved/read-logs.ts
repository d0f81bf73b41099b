import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { OrderInProgress } from "../../domain/Errors.ts"
import type { LogSource, ProvedRequest } from "../../domain/Order.ts"
import type { ProvedError } from "../operations.ts"
import { charged } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { again, findForPayer, usedProof } from "./find-for-payer.ts"

/**
 * Says which project of the host has the log of a deployment, for its payer. A proof is good for one read. The order's object
 * answers at once, and the gateway reads the log itself, so that a log of an hour keeps no object awake.
 */
export const readLogs = Effect.fn("OrderWorkflow.readLogs")(function* (
  request: ProvedRequest
): Effect.fn.Return<LogSource, ProvedError, PurchaseStore> {
  const { id, verified } = request
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const found = findForPayer(store, request, now)
  if (Result.isFailure(found)) return yield* Effect.fail(found.failure)
  const { state, placement, answer } = found.success
  if (state !== "delivered" || placement === null || placement.projectId === null || answer === null) {
    return yield* new OrderInProgress({
      detail:
        "The deployment is not live yet, and has no log before. Read its status, and send this again once it is live.",
      charged: charged(state),
      deployment_id: id,
      ...again(id, verified.key)
    })
  }
  if (!store.spendProof(verified.challengeId, now)) return yield* usedProof(request)
  return { projectId: placement.projectId, endsAt: Date.parse(answer.expires_at) }
})
