import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { setting, type Settings } from "../../config.ts"
import type { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { type HoldRequest, hoursMs, type ReleaseRequest } from "../../domain/Order.ts"
import { isGone } from "../delivery/place.ts"
import { isSamePayment } from "../purchase/Hold.ts"
import { type Delivered, expiryOf, type Purchase, statusOf } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import { rested } from "../purchase/transitions.ts"
import { isOver } from "../steps/expire.ts"
import { notLive, over, projectLost, type RenewalRefused, tooFarAhead, unknown } from "./refusals.ts"

/**
 * The deployment asks the chain about a held payment this long after the payment's deadline, in milliseconds. The chain's answer
 * is final 10 s after the deadline, by the chain's clock.
 */
const MARGIN_MS = 12_000

/** The host may take this long. A signed payment is valid for 25 seconds, and most of them should be left for it. */
const HOST_TIMEOUT = "2 seconds"

/** Returns a deployment with the hold; undefined if its renewal is recorded already. `now` in unix milliseconds. */
const withHold = (
  purchase: Purchase | undefined,
  { key, hold: wanted }: HoldRequest,
  now: number,
  maxDays: number
): Result.Result<Delivered | undefined, RenewalRefused> => {
  if (purchase?.operation !== "deploy" || purchase.state === "failed") return Result.fail(unknown())
  if (isOver(purchase, now)) return Result.fail(over(purchase))
  if (purchase.state !== "delivered" || purchase.gone === true) return Result.fail(notLive(statusOf(purchase), key))
  const { holds = [], renewals = [] } = purchase
  if (renewals.some(isSamePayment(wanted))) return Result.succeed(undefined)
  // The renewal's order may have ended between the hold and its first state, and the credential is sent again under another id.
  const others = holds.filter((one) => !isSamePayment(wanted)(one))
  const ends = others.reduce((end, held) => end + hoursMs(held.hours), expiryOf(purchase)!)
  const far = tooFarAhead(ends, wanted.hours, now, maxDays)
  if (far !== undefined) return Result.fail(far)
  const { id, reference, validBefore, hours } = wanted
  const held = { id, reference, validBefore, hours, due: validBefore * 1000 + MARGIN_MS, attempts: 0 }
  return Result.succeed(rested({ ...purchase, holds: [...others, held] }))
}

/**
 * Holds a live deployment for a renewal that is about to be paid: from now on it neither expires nor is deleted until the payment
 * has ended. The host is asked before, because nobody may have noticed that it has lost the project.
 */
export const hold = Effect.fn("OrderWorkflow.hold")(function* (
  request: HoldRequest
): Effect.fn.Return<void, RenewalRefused, PurchaseStore | ControlPlaneClient | Settings> {
  const { id, key } = request
  const maxDays = yield* setting("MAX_DAYS")
  const store = yield* PurchaseStore
  const before = withHold(store.byId(id), request, yield* Clock.currentTimeMillis, maxDays)
  if (Result.isFailure(before)) return yield* before.failure
  const asked = before.success?.placement?.projectId ?? null
  const lost = asked !== null && (yield* isKnownGone(id, asked))
  const now = yield* Clock.currentTimeMillis
  // Look-up and write are one synchronous step, so that a delete comes before or after it.
  const purchase = store.byId(id)
  const found = withHold(purchase, request, now, maxDays)
  if (Result.isFailure(found)) return yield* found.failure
  if (found.success === undefined) return
  // An update may have placed it anew meanwhile.
  if (lost && purchase?.placement?.projectId === asked) {
    yield* Effect.logWarning("a renewal was refused, because the project is gone at the host", id, asked)
    return yield* projectLost(id, key)
  }
  yield* save(store, found.success)
})

/**
 * Whether the host answers that it has no such project. A renewal needs nothing of the host, so one that does not answer stops
 * none: its payer would lose a site that serves.
 */
const isKnownGone = (id: string, projectId: string) =>
  isGone(projectId).pipe(
    Effect.timeoutOrElse({
      duration: HOST_TIMEOUT,
      orElse: () => Effect.fail({ message: `no answer in ${HOST_TIMEOUT}` })
    }),
    Effect.catch(({ message }) =>
      Effect.as(Effect.logWarning("the host could not be asked before a renewal", id, message), false)
    ),
    Effect.catchDefect((defect) =>
      Effect.as(Effect.logError("a defect while asking the host before a renewal", id, defect), false)
    ),
    Effect.withSpan("OrderWorkflow.askForProject")
  )

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
