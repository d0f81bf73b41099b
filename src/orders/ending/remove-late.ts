import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { KEEP_MS, LOOK_EVERY_MS, removeProject } from "../steps/expire.ts"

/** One look may take this long, with the delete. */
const LOOK_TIMEOUT = "10 seconds"

/**
 * Deletes the project of a deployment that has ended, if its create has landed since: the process that sent the create may have died
 * before its answer. It looks again until none can land any more. Never fails.
 */
export const removeLate = Effect.fn("OrderWorkflow.removeLate")(function* (id: string) {
  const store = yield* PurchaseStore
  const found = store.byId(id)
  if (found === undefined) return
  const removed = yield* Effect.exit(Effect.timeout(removeProject(found), LOOK_TIMEOUT))
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  if (purchase?.state !== "expired" || purchase.lateUntil === undefined) return
  const isRemoved = Exit.isSuccess(removed) && removed.value !== null
  if (isRemoved) yield* Effect.logWarning("a project was created after its deployment had ended, and is deleted", id)
  const isOver = isRemoved || now >= purchase.lateUntil
  yield* save(
    store,
    isOver ? transition.expired(purchase, now + KEEP_MS) : transition.wakeAt(purchase, now + LOOK_EVERY_MS)
  )
})
