import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { PaymentService } from "../../payment/PaymentService.ts"
import type { Hold } from "../purchase/Hold.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import { rested } from "../purchase/transitions.ts"
import { backoff } from "../steps/backoff.ts"
import { extend } from "./commit.ts"
import { drop } from "./hold.ts"
import { retagAgain } from "./retag.ts"

/**
 * Does what a live deployment is due for because of its renewals: it asks the chain about payments whose orders have not said
 * their end in time, and sends the newest expiry to the host. Only the chain's final word drops a hold.
 */
export const tendRenewals = Effect.fn("OrderWorkflow.tendRenewals")(function* (id: string) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const holds = (store.byId(id)?.holds ?? []).filter(({ due }) => due <= now)
  yield* Effect.forEach(holds, (held) => settle(id, held), { concurrency: "unbounded", discard: true })
  const present = store.byId(id)
  if (present?.retag !== undefined && (holds.length > 0 || present.retag.due <= now)) yield* retagAgain(id)
  const left = store.byId(id)
  if (left?.update === null) yield* save(store, rested(left))
})

const settle = Effect.fnUntraced(function* (id: string, held: Hold) {
  const store = yield* PurchaseStore
  const payments = yield* PaymentService
  const status = yield* payments
    .find(held)
    .pipe(
      Effect.catchDefect((defect) =>
        Effect.as(Effect.logError("the payment of a renewal could not be looked up", id, defect), "unknown" as const)
      )
    )
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  // The renewal may have been committed or released meanwhile.
  if (purchase?.state !== "delivered" || purchase.holds?.some((one) => one.id === held.id) !== true) return
  if (status === "landed") return yield* extend(store, purchase, held, now)
  if (status !== "unknown") return drop(store, id, held.id)
  const due = now + backoff.capture(held.attempts)
  const holds = purchase.holds.map((one) => (one.id === held.id ? { ...one, due, attempts: one.attempts + 1 } : one))
  yield* save(store, rested({ ...purchase, holds }))
})
