import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { setting } from "../../config.ts"
import { orderName } from "../../domain/DeploymentId.ts"
import type { RenewOrder } from "../../domain/Order.ts"
import { DeploymentIds } from "../../ids/DeploymentIds.ts"
import { newRenewal } from "../purchase/new-purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { create, save } from "../purchase/save.ts"
import { acknowledged } from "../purchase/transitions.ts"
import { attemptOf, countAttempt } from "../steps/attempt.ts"
import { capture } from "../steps/capture.ts"
import { authorize, inTime } from "../steps/prepare.ts"
import { resume, resumeFrom } from "../steps/resume.ts"
import { enterSale } from "../steps/sale.ts"
import { Deployments } from "./Deployments.ts"

/**
 * Pays for a renewal. The deployment holds still before any money can move. Returns a purchase whose money has moved, or an
 * undelivered one that was made meanwhile under another key.
 */
const pay = Effect.fn("OrderWorkflow.payRenewal")(function* (order: RenewOrder) {
  const { id: deployment, terms, verified } = order
  const authorization = yield* authorize(order)
  const store = yield* PurchaseStore
  const early = store.findUndelivered(yield* Clock.currentTimeMillis)
  if (early !== undefined) return { undelivered: early }
  const { reference, validBefore } = authorization
  const hours = yield* setting("TTL_HOURS")
  const id = yield* (yield* DeploymentIds).make(orderName(verified.payer, terms.operation, terms.bodyDigest))
  const deployments = yield* Deployments
  // The deployment drops the hold by itself, if this gets lost.
  const release = Effect.timeoutOption(deployments.release({ id: deployment, renewalId: id }), "2 seconds")
  yield* deployments.hold({ id: deployment, key: verified.key, hold: { id, reference, validBefore, hours } }).pipe(
    Effect.andThen(inTime(authorization, verified.key)),
    // The answer of the hold may be lost, too.
    Effect.onError(() => release)
  )
  const now = yield* Clock.currentTimeMillis
  const undelivered = store.findUndelivered(now)
  if (undelivered !== undefined) {
    yield* release
    return { undelivered }
  }
  const purchase = newRenewal(id, order, authorization, now, { id: deployment, hours })
  return { paid: yield* capture(yield* create(store, purchase)) }
})

/** Makes a new renewal. A failure before its capture counts as a failed attempt of the payer. */
export const buyRenewal = Effect.fn("OrderWorkflow.buyRenewal")(function* (order: RenewOrder) {
  const { verified } = order
  const attempt = attemptOf(verified, "purchase")
  const { undelivered, paid } = yield* countAttempt(attempt, enterSale(attempt), pay(order))
  if (paid !== undefined) return yield* resumeFrom(paid)
  ;(yield* PurchaseStore).bindKeys(verified.key, verified.challengeId, undelivered.id)
  return yield* resume(undelivered)
})

/** Saves that the payer has received the answer of a renewal. From now on a request without a key is a new one. */
export const markRenewed = ({ verified }: RenewOrder) =>
  Effect.flatMap(PurchaseStore, (store) => {
    const purchase = store.byChallenge(verified.challengeId)
    return purchase?.answered === false ? save(store, acknowledged(purchase)) : Effect.void
  })
