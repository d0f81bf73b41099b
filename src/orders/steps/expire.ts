import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type ControlPlaneClient, ControlPlaneUnavailable } from "../../control-plane/ControlPlaneClient.ts"
import type { ExpiryStore } from "../../expiry/ExpiryStore.ts"
import { PurchaseStore, save } from "../purchase/PurchaseStore.ts"
import { newPlacement, expiryOf, type Purchase } from "../purchase/Purchase.ts"

/** How long an expired purchase is remembered, so that its key and its status can be answered: 7 days. */
const keepMillis = 7 * 24 * 3_600_000

/**
 * The pauses after a refusal, in milliseconds: at most 8 s for the first hour, so that an outage of the host ends with
 * everything gone within seconds of its return, and a minute from then on.
 */
const backoff = (attempts: number) => (attempts < 450 ? Math.min(1_000 * 2 ** attempts, 8_000) : 60_000)

/**
 * The pauses after a host that hangs, in milliseconds: from 30 s to 15 min. Each try holds the object's alarm open until it
 * is broken off, and the platform counts that time: Jack takes the objects away after 8 hours of it in a day.
 */
const hangPause = (attempts: number) => Math.min(30_000 * 2 ** Math.min(attempts, 5), 900_000)

/** How long one wake-up may take for deletes, in milliseconds, however many purchases are due and whatever the host does. */
export const EXPIRE_MILLIS = 15_000

/** A try that took so long did not fail: it was given up. In milliseconds. */
const HANG_MILLIS = 9_000

/** Deletes at once: the platform opens no more connections for one object. */
const CONCURRENCY = 6

/** When purchases that one wake-up had no time for come up again, in milliseconds, if the host deletes at all. */
const NEXT_BATCH_MILLIS = 1_000

/** Whether a purchase has been live for as long as was paid for. `now` in unix milliseconds. */
export const isOver = (purchase: Purchase, now: number): boolean => {
  const expiry = expiryOf(purchase)
  return purchase.state === "expired" || (expiry !== null && now >= expiry)
}

/** The end of a deployment: its project is deleted, again and again until it is gone. Never fails. */
export const makeExpire = (host: ControlPlaneClient["Service"], expiry: ExpiryStore["Service"]) => {
  /** A delete may succeed in part only, so it is not believed: what can still be found is not gone. */
  const remove = Effect.fnUntraced(function* (projectId: string | null) {
    if (projectId === null) return
    yield* host.remove(projectId)
    if (Option.isNone(yield* host.get(projectId))) return
    return yield* new ControlPlaneUnavailable({ message: "the project was deleted, and is still there" })
  })

  const again = Effect.fnUntraced(function* (id: string, reason: string, hangs: boolean) {
    yield* Effect.logWarning("an expired deployment is still there", id, reason)
    const store = yield* PurchaseStore
    const now = yield* Clock.currentTimeMillis
    const purchase = store.byId(id)!
    const detail = `Its time is over and it could not be deleted yet, which is tried again. The host said: ${reason}`
    store.save({
      ...purchase,
      attempts: purchase.attempts + 1,
      due: now + (hangs ? hangPause : backoff)(purchase.attempts),
      failure: { fault: "service", detail, at: now }
    })
  })

  const expired = Effect.fnUntraced(function* (id: string, projectId: string | null) {
    const store = yield* PurchaseStore
    const due = (yield* Clock.currentTimeMillis) + keepMillis
    // Read again: an update may have come to its end meanwhile.
    yield* save({ ...store.byId(id)!, state: "expired", update: null, failure: null, attempts: 0, due })
    // An index that no decision reads, and that forgets by itself.
    if (projectId !== null) yield* Effect.ignore(expiry.remove(projectId))
  })

  return {
    /** Deletes what is over, in bounded time: what was not reached comes up again. */
    expire: Effect.fn("OrderWorkflow.expire")(function* (over: ReadonlyArray<Purchase>) {
      const since = yield* Clock.currentTimeMillis
      const open = new Set(over.map(({ id }) => id))
      let gone = 0
      const end = Effect.fnUntraced(function* ({ id, placement }: Purchase) {
        const projectId = placement?.projectId ?? null
        const outcome = yield* Effect.result(remove(projectId))
        open.delete(id)
        if (Result.isSuccess(outcome)) {
          gone++
          return yield* expired(id, projectId)
        }
        const hangs = (yield* Clock.currentTimeMillis) - since >= HANG_MILLIS
        yield* again(id, outcome.failure.message, hangs)
      })
      yield* Effect.forEach(over, end, { concurrency: CONCURRENCY, discard: true }).pipe(
        Effect.timeoutOption(EXPIRE_MILLIS)
      )
      const store = yield* PurchaseStore
      for (const id of open) {
        if (gone === 0) yield* again(id, `no answer in ${EXPIRE_MILLIS / 1000} seconds`, true)
        else store.save({ ...store.byId(id)!, due: (yield* Clock.currentTimeMillis) + NEXT_BATCH_MILLIS })
      }
    }),

    /**
     * A purchase that has waited a week for its payer leaves the host. It stays owed, and the payer's next call places
     * it anew, at another slug. The order writes the old place off before it asks the host to delete it, because the
     * host may delete late, and nobody may be served from there then. The sweep deletes the rest.
     */
    releaseProject: Effect.fn("OrderWorkflow.vacate")(function* (purchase: Purchase) {
      const store = yield* PurchaseStore
      store.save({ ...purchase, placement: newPlacement(purchase.slug), due: null })
      yield* Effect.ignore(remove(purchase.placement?.projectId ?? null))
    })
  }
}
