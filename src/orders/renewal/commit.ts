import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { NotFound, type Expired } from "../../domain/Errors.ts"
import { type CommitRequest, type DeployedFields, hoursMs, type Renewal, timestamp } from "../../domain/Order.ts"
import type { OrderServices } from "../OrderServices.ts"
import { isSamePayment } from "../purchase/Hold.ts"
import { ended, LEASE_MS } from "../purchase/new-purchase.ts"
import { type Delivered, isDeleted, type Purchase } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import { rested } from "../purchase/transitions.ts"
import { unknown } from "./refusals.ts"
import { retag } from "./retag.ts"

/**
 * Makes the time of a deployment longer, because a renewal is paid. It is idempotent: the deployment keeps the payments of its
 * renewals. The hold ensures that the deployment is still there. If nothing is left of it, nothing is changed.
 */
export const commit = Effect.fn("OrderWorkflow.commit")(function* ({
  id,
  renewal
}: CommitRequest): Effect.fn.Return<DeployedFields, NotFound | Expired, PurchaseStore | OrderServices> {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  if (purchase?.operation !== "deploy") return yield* unknown()
  if (isRenewed(purchase, renewal)) return yield* fieldsOf(purchase)
  if (purchase.takedown !== undefined) return yield* ended(purchase, "The renewal adds nothing.")
  // A payment that was made counts also without its hold, for as long as nobody has begun to delete the project.
  if (purchase.state !== "delivered" || isDeleted(purchase) || purchase.ending === true) {
    return yield* new NotFound({ detail: "The deployment is over." })
  }
  const extended = yield* extend(store, purchase, renewal, now)
  yield* Effect.forkDetach(retag(id))
  return yield* fieldsOf(extended)
})

const isRenewed = ({ renewals = [] }: Purchase, renewal: Renewal) => renewals.some(isSamePayment(renewal))

const fieldsOf = ({ id, answer }: Purchase): Effect.Effect<DeployedFields> =>
  answer !== null && "url" in answer ? Effect.succeed(answer) : Effect.die(new Error(`${id} has no URL`))

/** Saves the later expiry in place of the hold. The write happens in the call, as in `save`. `now` in unix milliseconds. */
export const extend = (
  store: PurchaseStore["Service"],
  purchase: Delivered,
  renewal: Renewal,
  now: number
): Effect.Effect<Delivered> => {
  const { id, reference, hours, payer, price, currency } = renewal
  const paid = {
    ...(payer !== undefined && { payer }),
    ...(price !== undefined && { price }),
    ...(currency !== undefined && { currency })
  }
  const { answer, holds = [], renewals = [] } = purchase
  const next: Delivered = {
    ...purchase,
    answer: { ...answer, expires_at: timestamp(Date.parse(answer.expires_at) + hoursMs(hours)) },
    holds: holds.filter((one) => !isSamePayment(renewal)(one)),
    renewals: [...renewals, { id, reference, hours, at: now, ...paid }],
    retag: { attempts: 0, due: now + LEASE_MS }
  }
  return Effect.tap(
    save(store, rested(next)),
    Effect.annotateLogs(Effect.logInfo("renewed"), { deployment_id: purchase.id, reference, hours })
  )
}
