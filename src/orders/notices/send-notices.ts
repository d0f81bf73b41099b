import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Payers } from "../../payers/Payers.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { backoff } from "../steps/backoff.ts"

/**
 * Tells the objects of the payers what has changed, until all notices are taken or wait for their next try. It never fails, and no
 * paid work waits for it. Two calls at once do no harm, because a payer's object takes a notice once.
 */
export const sendNotices = Effect.gen(function* () {
  const { outbox } = yield* PurchaseStore
  const payers = yield* Payers
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    const next = outbox.next(now)
    if (next === undefined) return
    // The pause begins before anything can fail, so that no alarm rings without one.
    outbox.trying(next.id, now + backoff.notice(next.attempts))
    const notice = outbox.read(next.id)
    if (notice === undefined) continue
    const sent = yield* Effect.exit(payers.record(notice))
    if (Exit.isSuccess(sent)) outbox.taken(notice.id, notice.seq)
  }
}).pipe(
  Effect.catchCause((cause) => Effect.logError("notices were not sent", cause)),
  Effect.withSpan("OrderWorkflow.sendNotices")
)
