import * as Result from "effect/Result"
import { Forbidden, NotFound, OrderInProgress } from "../../domain/Errors.ts"
import { type ProvedRequest, statusPath } from "../../domain/Order.ts"
import { PaymentRejected } from "../../payment/PaymentService.ts"
import type { ProvedError } from "../operations.ts"
import { ended } from "../purchase/new-purchase.ts"
import { charged, isDeleted, type Purchase } from "../purchase/Purchase.ts"
import type { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { isOver } from "../steps/expire.ts"

/** A deployment that money was paid for, and that its payer asks about. */
export type PaidDeployment = Exclude<Purchase, { readonly state: "capturing" | "failed" }>

/** Tells a client how to repeat its request about a deployment. */
export const again = (id: string, key: string) => ({
  status_url: statusPath(id),
  retry: { idempotency_key: key },
  retry_after: 5
})

/** The answer to a proof that was used before. */
export const usedProof = ({ verified }: Pick<ProvedRequest, "verified">): PaymentRejected =>
  new PaymentRejected({
    problem: "invalid-challenge",
    detail: "This challenge has been used. Answer the fresh one; it takes no money.",
    key: verified.key
  })

/**
 * Finds the deployment of a request for its payer. It must exist and be paid for, it may not be over, and the proof must be its
 * payer's. The look-up is synchronous, so that the caller can write in the same step. The caller spends the proof.
 *
 * @param deletedToo also finds a deployment that its payer has deleted.
 */
export const findForPayer = (
  store: PurchaseStore["Service"],
  { id, verified }: ProvedRequest,
  now: number,
  { deletedToo = false } = {}
): Result.Result<PaidDeployment, ProvedError> => {
  const { payer, key } = verified
  const purchase = store.byId(id)
  if (purchase?.operation !== "deploy" || purchase.state === "failed") {
    return Result.fail(new NotFound({ detail: "No such deployment. Check the deployment_id, or POST /deploy." }))
  }
  if (isOver(purchase, now) && !(deletedToo && isDeleted(purchase))) {
    return Result.fail(ended(purchase, "POST /deploy for another."))
  }
  if (purchase.payer !== payer) {
    const detail = "Only the payer of this deployment may do this. Sign with the key that paid."
    return Result.fail(new Forbidden({ detail }))
  }
  if (purchase.state === "capturing") {
    const detail = "The chain has not confirmed the payment yet. Send this again."
    const inProgress = { detail, charged: charged(purchase.state), deployment_id: id, ...again(id, key) }
    return Result.fail(new OrderInProgress(inProgress))
  }
  return Result.succeed(purchase)
}
