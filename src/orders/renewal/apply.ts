import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { DeployFailed, type Expired } from "../../domain/Errors.ts"
import { statusPath } from "../../domain/Order.ts"
import { recordOwed } from "../operator/records.ts"
import { ended } from "../purchase/new-purchase.ts"
import { statusLinks, type Captured } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { backoff } from "../steps/backoff.ts"
import { Deployments } from "./Deployments.ts"

/** An order keeps a finished renewal until this long after the time that it paid for, in milliseconds: 7 days. */
const KEEP_MS = 7 * 86_400_000

const commit = Effect.fnUntraced(function* ({ id, renews, payer, price, authorization }: Captured) {
  if (renews === undefined) return yield* Effect.die(new Error(`${id} renews nothing`))
  const deployments = yield* Deployments
  const { reference, currency } = authorization
  const answer = yield* deployments.commit({
    id: renews.id,
    renewal: {
      id,
      reference,
      hours: renews.hours,
      payer,
      ...(price !== undefined && { price }),
      ...(currency !== undefined && { currency })
    }
  })
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const delivered = transition.delivered(store.byId(id) as Captured, answer, now)
  return yield* save(store, { ...delivered, due: Date.parse(answer.expires_at) + KEEP_MS })
})

/**
 * Saves that nothing is left of the deployment, so that its hours cannot be added. The order makes no further try by itself, and
 * one more whenever its payer repeats the call. The line of the log comes first, because the operator acts on it.
 */
const owed = Effect.fnUntraced(function* ({ id, authorization, key }: Captured, deploymentId: string, reason: string) {
  yield* Effect.logError(
    "owed: a renewal was charged, and its deployment is gone",
    deploymentId,
    authorization.reference
  )
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const detail = `owed: ${reason}`
  const before = store.byId(id) as Captured
  const purchase = transition.retryAt(before, null, { fault: "service", detail, at: now })
  // Once only, because the operator may have paid it back since: the payer's next call would have it paid twice.
  if (before.failure?.detail !== detail) yield* recordOwed(purchase, { state: "refund", why: reason })
  yield* save(store, purchase)
  return yield* new DeployFailed({
    detail:
      "You were charged, and the deployment was gone before its hours were added. The service owes you the price: ask its " +
      `operator for a refund of the payment ${authorization.reference}. Do not pay again.`,
    deployment_id: deploymentId,
    status_url: statusPath(deploymentId),
    fault: "service",
    retry: { idempotency_key: key }
  })
})

/** Saves the failure and the next try. Unlike a deploy, a renewal is tried for ever: nobody has to correct anything. */
const failed = Effect.fnUntraced(function* (id: string, reason: string) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id) as Captured
  const wait = backoff.delivery(purchase.attempts)
  yield* save(store, transition.retryAt(purchase, now + wait, { fault: "service", detail: reason, at: now }))
  const { deployment_id, status_url } = statusLinks(purchase)
  return yield* new DeployFailed({
    detail:
      "You were charged, and the deployment stays until its new hour. The service records the renewal by itself; do not pay " +
      "again. See status_url, or repeat the same call with the Idempotency-Key of retry at no cost.",
    deployment_id: deployment_id ?? id,
    status_url: status_url ?? "",
    fault: "service",
    retry: { idempotency_key: purchase.key },
    retry_after: Math.ceil(wait / 1000)
  })
})

/**
 * The deployment was taken down while the money for its renewal moved. The renewal gives nothing, and only the operator can pay it
 * back. The order keeps it for ever.
 */
const worthless = Effect.fnUntraced(function* (id: string, { detail }: Expired) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const captured = store.byId(id) as Captured
  const reason = detail ?? "The deployment is gone."
  const purchase = { ...transition.expired(captured, now), due: null, deletedAt: now, takedown: { at: now, reason } }
  yield* recordOwed(purchase, { state: "refund", why: reason })
  yield* save(store, purchase)
  yield* Effect.logError(
    "owed: a renewal was charged and its deployment was taken down",
    id,
    purchase.authorization.reference
  )
  return yield* ended(purchase, "")
})

/** The last step of a renewal: the deployment of a captured one gets its time. It is safe to interrupt and to repeat. */
export const applyRenewal = (purchase: Captured) =>
  Effect.withSpan(commit(purchase), "OrderWorkflow.applyRenewal").pipe(
    Effect.catchTag("Expired", (error) => worthless(purchase.id, error)),
    Effect.catchTag("NotFound", ({ detail = "" }) => owed(purchase, purchase.renews?.id ?? "", detail)),
    Effect.catchTag(["Internal", "Busy"], (error) =>
      Effect.andThen(
        Effect.logError("a renewal was charged, and its deployment has not recorded it", purchase.id, error.detail),
        failed(purchase.id, error.detail ?? error._tag)
      )
    ),
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.logError("a defect in a renewal", purchase.id, defect),
        failed(purchase.id, "an internal error")
      )
    )
  )
