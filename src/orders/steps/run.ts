import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { setting } from "../../config.ts"
import { ExecuteFailed } from "../../domain/Errors.ts"
import { hoursMs, timestamp } from "../../domain/Order.ts"
import { CodeRunner, LIMITS, type RunResult } from "../../sandbox/CodeRunner.ts"
import { settleOwed } from "../operator/records.ts"
import type { Captured } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { recordFailure } from "./retry.ts"

const runAndSave = Effect.fnUntraced(function* (purchase: Captured) {
  const store = yield* PurchaseStore
  const task = store.payload(purchase.id)
  if (task === undefined || !("input" in task)) {
    return yield* Effect.die(new Error(`${purchase.id} has nothing to run`))
  }
  const runner = yield* CodeRunner
  const ran = yield* runner.run(task, task.input)
  const now = yield* Clock.currentTimeMillis
  const answer = { expires_at: timestamp(now + hoursMs(yield* setting("TTL_HOURS"))) }
  const late = purchase.attempts > 0
  const delivered = yield* save(store, transition.delivered(purchase, answer, now), { output: bodyOf(ran) })
  if (late) yield* settleOwed(delivered)
  return delivered
})

const failed = Effect.fn("OrderWorkflow.runFailed")(function* (id: string, reason: string) {
  const { purchase, owed, retryAfter } = yield* recordFailure(id, { fault: "service", detail: reason })
  const detail = owed
    ? "You were charged, and the service could not run this for 7 days. It still owes it to you: repeat the same call with the " +
      "Idempotency-Key of retry at no cost."
    : "You were charged, and the service could not run the code, which is not the code's fault. Do not pay again: repeat " +
      "the same call with the Idempotency-Key of retry. It runs the code, or answers its result, at no cost."
  return yield* new ExecuteFailed({
    detail,
    retry: { idempotency_key: purchase.key },
    ...(!owed && { retry_after: retryAfter })
  })
})

/**
 * Step 7 of an execution runs the code of a captured purchase, and saves the result with the state. It is safe to interrupt and
 * to repeat, because code without network has touched nothing.
 */
export const run = (purchase: Captured) =>
  Effect.withSpan(runAndSave(purchase), "OrderWorkflow.run").pipe(
    Effect.catchTag("RunnerUnavailable", ({ message }) =>
      Effect.andThen(
        Effect.logError("the runner does not answer", purchase.id, message),
        failed(purchase.id, `The runner does not answer: ${message}`)
      )
    ),
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.logError("a defect while running", purchase.id, defect),
        failed(purchase.id, "an internal error")
      )
    )
  )

/** Returns the body of the answer. It passes a result on as the text that it came as. */
const bodyOf = (ran: RunResult): string => {
  const result = ran.ok ? `"result":${ran.result}` : `"error":${JSON.stringify(ran.error)}`
  const limits = JSON.stringify({ cpu_ms_limit: LIMITS.cpuMs })
  return `{${result},"duration_ms":${ran.durationMs},"limits":${limits}}`
}
