import * as Effect from "effect/Effect"
import { slugFrom } from "../../control-plane/slug.ts"
import { DeployFailed, Expired } from "../../domain/Errors.ts"
import { randomText } from "../../domain/DeploymentId.ts"
import {
  type OrderResult,
  type ExecuteOrder,
  type Paid,
  type RenewOrder,
  statusPath,
  type DeployOrder
} from "../../domain/Order.ts"
import { type Authorization, PaymentRejected } from "../../payment/PaymentService.ts"
import { type Build, PurchaseStore } from "./PurchaseStore.ts"
import type { OrderError } from "../operations.ts"
import { type Capturing, type Delivered, endOf, isDeleted, type Purchase, statusLinks } from "./Purchase.ts"
import { save } from "./save.ts"
import { whyOver, whyWorthless } from "../operator/Takedown.ts"
import { acknowledged } from "./transitions.ts"

/** The lease of a purchase in progress, in milliseconds. After a crash the alarm continues it once the lease is over. */
export const LEASE_MS = 30_000

/** Makes a purchase in its first state under a fresh id, with its build. `now` in unix milliseconds. */
export const newPurchase = (
  id: string,
  order: DeployOrder | ExecuteOrder,
  authorization: Authorization,
  now: number,
  { warnings = [], lock = {} }: Pick<Build, "warnings" | "lock">
): Capturing => ({
  ...firstState(id, order, authorization, now),
  operation: "input" in order ? "execute" : "deploy",
  // The URL is public, so its random characters are not those of the id.
  slug: "input" in order ? "" : order.name === null ? `app-${randomText(6)}` : slugFrom(order.name),
  ...(warnings.length > 0 && { warnings }),
  ...(!("input" in order) && Object.keys(lock).length > 0 && { lock })
})

/** Makes the purchase of a renewal in its first state. It has no place and no payload. */
export const newRenewal = (
  id: string,
  order: RenewOrder,
  authorization: Authorization,
  now: number,
  renews: NonNullable<Capturing["renews"]>
): Capturing => ({ ...firstState(id, order, authorization, now), operation: "renew", slug: "", renews })

const firstState = (id: string, { verified, terms }: Paid, authorization: Authorization, now: number) => ({
  id,
  key: verified.key,
  challengeId: verified.challengeId,
  payer: verified.payer,
  state: "capturing" as const,
  authorization,
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
  price: terms.price
})

/** Returns the result of a finished purchase, however often a client asks. */
export const storedResult = Effect.fnUntraced(function* (
  purchase: Purchase
): Effect.fn.Return<OrderResult, OrderError, PurchaseStore> {
  const { id, key, failure } = purchase
  if (isDeleted(purchase)) return yield* ended(purchase, "Another Idempotency-Key buys another.")
  switch (purchase.state) {
    case "delivered": {
      const { answer, receipt } = purchase
      if (purchase.ending === true) return yield* ended(purchase, "Another Idempotency-Key buys another.")
      if (purchase.gone === true) return yield* projectGone(purchase)
      if ("url" in answer) return { ...answer, receipt }
      const kept = (yield* PurchaseStore).payload(id)
      if (kept !== undefined && "output" in kept) return { execution_id: id, output: kept.output, receipt }
      return yield* Effect.die(new Error(`${id} has no output`))
    }
    case "expired":
      return yield* ended(purchase, "Another Idempotency-Key buys another.")
    case "failed":
      return yield* new PaymentRejected({
        problem: "verification-failed",
        detail: failure?.detail ?? "The payment failed.",
        key
      })
    default:
      // Every other answer would ask for money that has moved, or may have.
      return yield* Effect.die(new Error(`${id} is not finished`))
  }
})

/** Returns the answer to a request about a purchase that has expired or was deleted. `next` tells the client what to do. */
export const ended = (purchase: Purchase, next: string): Expired => {
  const { operation, takedown } = purchase
  const what =
    operation === "renew" && takedown !== undefined
      ? whyWorthless(takedown.reason)
      : operation === "execute"
        ? "The result of this execution has expired."
        : whyOver(takedown?.reason ?? null, isDeleted(purchase))
  return new Expired({
    detail: `${what} ${next}`,
    deployment_id: statusLinks(purchase).deployment_id,
    expired_at: endOf(purchase)
  })
}

/** Returns the answer while the host has lost a live deployment's project. */
const projectGone = ({ id, key, failure }: Delivered) => {
  const fault = failure?.fault ?? "service"
  const next =
    fault === "code" ? "PUT corrected code; updates are free." : "The service creates it again; see status_url."
  return new DeployFailed({
    detail: `The project of this deployment is gone at the host, and nothing serves. ${next} Do not pay again.`,
    deployment_id: id,
    status_url: statusPath(id),
    fault,
    retry: { idempotency_key: key }
  })
}

/** Saves that the payer has received the result. From now on a request without a key is a new purchase. */
export const markAcknowledged = (done: OrderResult) =>
  Effect.flatMap(PurchaseStore, (store) => {
    const purchase = store.byId("url" in done ? done.deployment_id : done.execution_id)
    return purchase?.answered === false ? save(store, acknowledged(purchase)) : Effect.void
  })
