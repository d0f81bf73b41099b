import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { orderName } from "../../domain/DeploymentId.ts"
import type { DeployOrder, ExecuteOrder } from "../../domain/Order.ts"
import { DeploymentIds } from "../../ids/DeploymentIds.ts"
import { newPurchase } from "../purchase/new-purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { create } from "../purchase/save.ts"
import { sealSecrets } from "../secrets/secrets.ts"
import { attemptOf, countAttempt } from "./attempt.ts"
import { capture } from "./capture.ts"
import { prepare } from "./prepare.ts"
import { resume, resumeFrom } from "./resume.ts"
import { enterSale, givePlaceBack } from "./sale.ts"

const nameOf = ({ terms, verified }: DeployOrder | ExecuteOrder): string =>
  orderName(verified.payer, terms.operation, terms.bodyDigest)

/** The id of what takes a place among the payer's deployments; `undefined` for an execution. */
const placeOf = (order: DeployOrder | ExecuteOrder, id: string) => ("input" in order ? undefined : id)

/**
 * Steps 4 to 6. Returns a purchase whose money has moved, or an undelivered purchase that was made meanwhile under another key.
 */
const pay = Effect.fn("OrderWorkflow.pay")(function* (order: DeployOrder | ExecuteOrder, id: string) {
  const release = givePlaceBack(order.verified.payer, placeOf(order, id))
  const { authorization, upload } = yield* Effect.onError(prepare(order), () => release)
  const secrets = yield* sealSecrets(nameOf(order), "env" in order ? (order.env ?? {}) : {})
  const now = yield* Clock.currentTimeMillis
  const store = yield* PurchaseStore
  // The payer may have bought the same meanwhile under another key, and wants it once.
  const undelivered = store.findUndelivered(now)
  if (undelivered !== undefined) {
    yield* release
    return { undelivered }
  }
  const purchase = newPurchase(id, order, authorization, now, upload)
  const payload = "input" in order ? { ...upload, input: order.input } : upload
  const kept = "input" in order ? undefined : { source: order.files, secrets }
  return { paid: yield* capture(yield* create(store, purchase, payload, kept)) }
})

/** Makes a new purchase and delivers it. A failure before its capture counts as a failed attempt of the payer. */
export const buy = Effect.fn("OrderWorkflow.buy")(function* (order: DeployOrder | ExecuteOrder) {
  const { verified } = order
  const id = yield* (yield* DeploymentIds).make(nameOf(order))
  const attempt = attemptOf(verified, "purchase")
  const { undelivered, paid } = yield* countAttempt(attempt, enterSale(attempt, placeOf(order, id)), pay(order, id))
  if (paid !== undefined) return yield* resumeFrom(paid)
  ;(yield* PurchaseStore).bindKeys(verified.key, verified.challengeId, undelivered.id)
  return yield* resume(undelivered)
})
