import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { PaymentPending } from "../../domain/Errors.ts"
import { PaymentRejected, PaymentService, type ProblemType } from "../../payment/PaymentService.ts"
import { Deployments } from "../renewal/Deployments.ts"
import { recordSale, recordUnwanted, startRecord } from "../operator/records.ts"
import { type Capturing, statusLinks } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { backoff } from "./backoff.ts"

/** An order keeps a failed payment this long, in milliseconds, so that its status can be read: 7 days. */
const KEEP_MS = 7 * 86_400_000

const captured = (purchase: Capturing, receipt: string) =>
  Effect.flatMap(PurchaseStore, (store) => save(store, transition.captured(purchase, receipt))).pipe(
    Effect.tap(recordSale),
    // Its end waits for the record.
    Effect.tap((purchase) => startRecord(recordUnwanted(purchase)))
  )

/** The chain will never take the payment. The purchase releases its key. No money has moved. */
const failed = Effect.fn("OrderWorkflow.captureFailed")(function* (
  purchase: Capturing,
  problem: ProblemType,
  detail: string
) {
  const now = yield* Clock.currentTimeMillis
  const failure = { fault: "service" as const, detail, at: now }
  yield* save(yield* PurchaseStore, transition.failed(purchase, failure, now + KEEP_MS))
  if (purchase.renews !== undefined) {
    // A lost release does no harm: the deployment asks the chain itself.
    const { release } = yield* Deployments
    yield* Effect.timeoutOption(release({ id: purchase.renews.id, renewalId: purchase.id }), "2 seconds")
  }
  return yield* new PaymentRejected({ problem, detail, key: purchase.key })
})

const pending = Effect.fn("OrderWorkflow.pending")(function* (purchase: Capturing) {
  const wait = backoff.capture(purchase.attempts)
  const now = yield* Clock.currentTimeMillis
  yield* save(yield* PurchaseStore, transition.retryAt(purchase, now + wait))
  return yield* new PaymentPending({
    detail:
      "The payment was sent, and the chain has not confirmed it. Do not pay again: repeat the same call with the " +
      `Idempotency-Key of retry${purchase.operation !== "execute" ? ", or see status_url" : ""}.`,
    ...statusLinks(purchase),
    retry: { idempotency_key: purchase.key },
    retry_after: Math.ceil(wait / 1000)
  })
})

/**
 * Step 6 of a deploy moves the money. It sends the transaction, for the first and only time. The order has saved the purchase
 * as `capturing` before.
 */
export const capture = Effect.fn("OrderWorkflow.capture")(function* (purchase: Capturing) {
  const payments = yield* PaymentService
  return yield* payments.capture(purchase.authorization).pipe(
    Effect.flatMap(({ header }) => captured(purchase, header)),
    Effect.catchTags({
      CaptureFailed: ({ problem, detail }) => failed(purchase, problem, detail),
      CaptureUncertain: ({ message }) =>
        Effect.andThen(Effect.logWarning("the chain has not confirmed", purchase.id, message), pending(purchase))
    })
  )
})

/** Asks the chain about a transaction that the order has, or may have, sent. It only reads. */
export const reconcile = Effect.fn("OrderWorkflow.reconcile")(function* (purchase: Capturing) {
  const payments = yield* PaymentService
  const found = yield* payments.find(purchase.authorization)
  switch (found) {
    case "landed":
      return yield* captured(purchase, payments.receipt(purchase.authorization).header)
    case "unknown":
      return yield* pending(purchase)
    default:
      return yield* failed(
        purchase,
        "verification-failed",
        "The payment did not land on the chain. Nothing was charged; sign a fresh one."
      )
  }
})
