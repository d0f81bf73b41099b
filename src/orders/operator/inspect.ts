import * as Effect from "effect/Effect"
import type { Details } from "../operations.ts"
import { statusOf } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"

/** A deployment as the operator sees it; `undefined` if there is none. */
export const inspect = Effect.fn("OrderWorkflow.inspect")(function* (id: string) {
  const purchase = (yield* PurchaseStore).byId(id)
  if (purchase?.operation !== "deploy") return undefined
  const { payer, placement, price, authorization, renewals = [] } = purchase
  return {
    status: statusOf(purchase),
    payer,
    project_id: placement?.projectId ?? null,
    amount: price ?? null,
    reference: authorization.reference,
    renewals: renewals.map(({ id, reference, hours }) => ({ id, reference, hours }))
  } satisfies Details
})
