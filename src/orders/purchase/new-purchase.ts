import * as Effect from "effect/Effect"
import { slugFrom } from "../../control-plane/slug.ts"
import { DeployFailed, Expired } from "../../domain/Errors.ts"
import { randomText } from "../../domain/DeploymentId.ts"
import { type OrderResult, type ExecuteOrder, statusPath, type DeployOrder } from "../../domain/Order.ts"
import { type Authorization, PaymentRejected } from "../../payment/PaymentService.ts"
import { type Build, PurchaseStore } from "./PurchaseStore.ts"
import type { OrderError } from "../rpc.ts"
import { type Capturing, type Purchase, statusLinks } from "./Purchase.ts"
import { save } from "./save.ts"
import { acknowledged } from "./transitions.ts"

/** The lease of a purchase in progress, in milliseconds. After a crash the alarm continues it once the lease is over. */
export const LEASE_MS = 30_000

/** A purchase in its first state, under a fresh id, for what was built for it. `now` in unix milliseconds. */
export const newPurchase = (
  id: string,
  order: DeployOrder | ExecuteOrder,
  authorization: Authorization,
  now: number,
  { warnings = [], lock = {} }: Pick<Build, "warnings" | "lock">
): Capturing => {
  const { verified } = order
  return {
    id,
    operation: "input" in order ? "execute" : "deploy",
    key: verified.key,
    challengeId: verified.challengeId,
    payer: verified.payer,
    state: "capturing",
    authorization,
    // The URL is public: it has random characters of its own, and none of the id's.
    slug: "input" in order ? "" : order.name === null ? `app-${randomText(6)}` : slugFrom(order.name),
    placement: null,
    receipt: null,
    answer: null,
    answered: false,
    failure: null,
    update: null,
    updatedAt: null,
    attempts: 0,
    due: now + LEASE_MS,
    createdAt: now,
    ...(warnings.length > 0 && { warnings }),
    ...(!("input" in order) && Object.keys(lock).length > 0 && { lock })
  }
}

/** A finished purchase answers this, however often it is asked. */
export const storedResult = Effect.fnUntraced(function* (
  purchase: Purchase
): Effect.fn.Return<OrderResult, OrderError, PurchaseStore> {
  const { id, key, state, operation, answer, receipt, failure } = purchase
  if (state === "delivered" && purchase.gone === true) {
    const fault = failure?.fault ?? "service"
    const next =
      fault === "code" ? "PUT corrected code; updates are free." : "The service creates it again; see status_url."
    return yield* new DeployFailed({
      detail: `The project of this deployment is gone at the host, and nothing serves. ${next} Do not pay again.`,
      deployment_id: id,
      status_url: statusPath(id),
      fault,
      retry: { idempotency_key: key }
    })
  }
  if (state === "delivered" && answer !== null && receipt !== null) {
    if ("url" in answer) return { ...answer, receipt }
    const kept = (yield* PurchaseStore).payload(id)
    if (kept !== undefined && "output" in kept) return { execution_id: id, output: kept.output, receipt }
    return yield* Effect.die(new Error(`${id} has no output`))
  }
  if (state === "expired") {
    const what = operation === "deploy" ? "This deployment has expired." : "The result of this execution has expired."
    const { deployment_id } = statusLinks(purchase)
    return yield* new Expired({ detail: `${what} Another Idempotency-Key buys another.`, deployment_id })
  }
  return yield* new PaymentRejected({
    problem: "verification-failed",
    detail: failure?.detail ?? "The payment failed.",
    key
  })
})

/** Saves that the payer was sent the result. From now on a request without a key is a new purchase. */
export const markAcknowledged = (done: OrderResult) =>
  Effect.flatMap(PurchaseStore, (store) => {
    const purchase = store.byId("url" in done ? done.deployment_id : done.execution_id)
    return purchase?.answered === false ? save(store, acknowledged(purchase)) : Effect.void
  })
