import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { setting, type Settings } from "../../config.ts"
import { Expired, NotFound, OrderInProgress, TooFarAhead } from "../../domain/Errors.ts"
import {
  type CommitRequest,
  type DeployedFields,
  type HoldRequest,
  type ReleaseRequest,
  type Renewal,
  timestamp
} from "../../domain/Order.ts"
import type { Status } from "../../domain/Status.ts"
import type { OrderServices } from "../OrderServices.ts"
import { again } from "../proved/find-for-payer.ts"
import { ended, LEASE_MS } from "../purchase/new-purchase.ts"
import { type Delivered, expiryOf, isDeleted, type Purchase, statusOf } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import { rested } from "../purchase/transitions.ts"
import { isOver } from "../steps/expire.ts"
import { retag } from "./retag.ts"

/**
 * The deployment asks the chain about a held payment this long after the payment's deadline, in milliseconds. The chain's answer
 * is final 10 s after the deadline, by the chain's clock.
 */
const MARGIN_MS = 12_000

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const unknown = () => new NotFound({ detail: "No such deployment. Check the deployment_id, or POST /deploy." })

const hoursMs = (hours: number) => Math.round(hours * HOUR_MS)

/**
 * Whether a hold or a renewal is of the same payment. One payment may come under several ids, if its order has lost the earlier
 * ones, and adds its hours once.
 */
const isOf =
  ({ id, reference }: Pick<Renewal, "id" | "reference">) =>
  (one: Pick<Renewal, "id" | "reference">): boolean =>
    one.id === id || one.reference === reference

/**
 * Holds a live deployment for a renewal that is about to be paid: from now on it neither expires nor is deleted until the payment
 * has ended. Look-up and write are one synchronous step, so that a delete comes before or after it.
 */
export const hold = Effect.fn("OrderWorkflow.hold")(function* (
  request: HoldRequest
): Effect.fn.Return<void, NotFound | Expired | OrderInProgress | TooFarAhead, PurchaseStore | Settings> {
  const { id, key } = request
  const maxDays = yield* setting("MAX_DAYS")
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  if (purchase?.operation !== "deploy" || purchase.state === "failed") return yield* unknown()
  if (isOver(purchase, now)) return yield* refused(purchase)
  if (purchase.state !== "delivered" || purchase.gone === true) return yield* notLive(statusOf(purchase), key)
  const { id: renewal, reference, validBefore, hours } = request.hold
  const { holds = [], renewals = [] } = purchase
  if (renewals.some(isOf(request.hold))) return
  // The renewal's order may have ended between the hold and its first state, and the credential is sent again under another id.
  const others = holds.filter((one) => !isOf(request.hold)(one))
  const ends = others.reduce((end, held) => end + hoursMs(held.hours), expiryOf(purchase)!)
  if (ends + hoursMs(hours) > now + maxDays * DAY_MS) return yield* tooFarAhead(ends, maxDays)
  const held = { id: renewal, reference, validBefore, hours, due: validBefore * 1000 + MARGIN_MS, attempts: 0 }
  yield* save(store, rested({ ...purchase, holds: [...others, held] }))
})

/**
 * Returns the answer to a renewal of a deployment that serves nothing at present: it is not live yet, or its project is gone.
 * `key` repeats the renewal.
 */
export const notLive = ({ deployment_id: id, status, expires_at }: Status, key: string): OrderInProgress => {
  const what =
    expires_at === null
      ? "The deployment is not live yet."
      : "The project of the deployment is gone at the host, and nothing serves."
  const next =
    status === "failed"
      ? "The host refuses its code: its payer sends corrected code by PUT, which is free and makes it live."
      : "The service creates it again by itself."
  return new OrderInProgress({
    detail: `${what}${expires_at === null && status !== "failed" ? "" : ` ${next}`} Nothing was charged. Send the renewal once the deployment is live.`,
    charged: false,
    deployment_id: id,
    ...again(id, key)
  })
}

/** Returns the answer to a renewal that would reach too far ahead. `ends` in unix milliseconds. */
export const tooFarAhead = (ends: number, maxDays: number): TooFarAhead =>
  new TooFarAhead({
    detail:
      `The deployment ends at ${timestamp(ends)}, and a renewal may reach at most ${maxDays} days ahead. Nothing was charged. ` +
      "Renew it later.",
    expires_at: timestamp(ends),
    max_days: maxDays
  })

const refused = (purchase: Purchase): Expired =>
  new Expired({ ...ended(purchase, "Nothing was charged for the renewal. POST /deploy for another."), charged: false })

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

const isRenewed = ({ renewals = [] }: Purchase, renewal: Renewal) => renewals.some(isOf(renewal))

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
    holds: holds.filter((one) => !isOf(renewal)(one)),
    renewals: [...renewals, { id, reference, hours, at: now, ...paid }],
    retag: { attempts: 0, due: now + LEASE_MS }
  }
  return Effect.tap(
    save(store, rested(next)),
    Effect.annotateLogs(Effect.logInfo("renewed"), { deployment_id: purchase.id, reference, hours })
  )
}

/** Lets the deployment go on without a renewal that will never be paid. */
export const release = Effect.fn("OrderWorkflow.release")(function* ({ id, renewalId }: ReleaseRequest) {
  drop(yield* PurchaseStore, id, renewalId)
})

/** Drops a hold, if there is one. The deployment wakes up for its end, which may have come. */
export const drop = (store: PurchaseStore["Service"], id: string, renewalId: string): void => {
  const purchase = store.byId(id)
  if (purchase?.holds?.some((one) => one.id === renewalId) !== true) return
  store.save(rested({ ...purchase, holds: purchase.holds.filter((one) => one.id !== renewalId) }))
}
