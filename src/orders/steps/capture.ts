import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { PaymentPending } from "../../domain/Errors.ts"
import { PaymentRejected, type PaymentService, type ProblemType } from "../../payment/PaymentService.ts"
import { save } from "../purchase/PurchaseStore.ts"
import { type Purchase, statusLinks } from "../purchase/Purchase.ts"

/** When a chain that has not said is asked again: after 5 s, and less and less often, down to once in 5 minutes. */
const backoff = (attempts: number) => Math.min(5_000 * 2 ** attempts, 300_000)

/** How long a payment that failed is remembered, so that its status can be asked for: 7 days. */
const keepMillis = 7 * 86_400_000

/** Step 6 of a deploy: the one that moves money. What is passed in is written down as `capturing`. */
export const makeCapture = (payments: PaymentService["Service"]) => {
  const captured = (purchase: Purchase, receipt: string) =>
    save({ ...purchase, state: "captured", receipt, attempts: 0 })

  /** The chain will never take it. The purchase gives its key back; nothing has moved. */
  const failed = Effect.fn("OrderWorkflow.unpaid")(function* (
    purchase: Purchase,
    problem: ProblemType,
    detail: string
  ) {
    const now = yield* Clock.currentTimeMillis
    const failure = { fault: "service" as const, detail, at: now }
    yield* save({ ...purchase, state: "failed", due: now + keepMillis, failure })
    return yield* new PaymentRejected({ problem, detail, key: purchase.key })
  })

  const pending = Effect.fn("OrderWorkflow.pending")(function* (purchase: Purchase) {
    const wait = backoff(purchase.attempts)
    const now = yield* Clock.currentTimeMillis
    yield* save({ ...purchase, attempts: purchase.attempts + 1, due: now + wait })
    return yield* new PaymentPending({
      detail:
        "The payment was sent and the chain has not confirmed it. Do not pay again: repeat the same call with the " +
        `Idempotency-Key of retry${purchase.operation === "deploy" ? ", or look at status_url" : ""}.`,
      ...statusLinks(purchase),
      retry: { idempotency_key: purchase.key },
      retry_after: Math.ceil(wait / 1000)
    })
  })

  return {
    /** Sends the transaction, for the first and only time. */
    send: Effect.fn("OrderWorkflow.capture")(function* (purchase: Purchase) {
      return yield* payments.capture(purchase.authorization).pipe(
        Effect.flatMap(({ header }) => captured(purchase, header)),
        Effect.catchTags({
          CaptureFailed: ({ problem, detail }) => failed(purchase, problem, detail),
          CaptureUncertain: ({ message }) =>
            Effect.andThen(Effect.logWarning("the chain has not said", purchase.id, message), pending(purchase))
        })
      )
    }),

    /** Finds out what became of a transaction that was, or may have been, sent. Only reads. */
    reconcile: Effect.fn("OrderWorkflow.reconcile")(function* (purchase: Purchase) {
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
  }
}
