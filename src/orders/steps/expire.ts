import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { ControlPlaneClient, ControlPlaneUnavailable } from "../../control-plane/ControlPlaneClient.ts"
import { ExpiryStore } from "../../expiry/ExpiryStore.ts"
import { findProject } from "../delivery/place.ts"
import { recordEnd, recordLoss } from "../operator/records.ts"
import { type Captured, type Delivered, expiryOf, isDeleted, isHeld, type Purchase } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { backoff } from "./backoff.ts"

/** An order keeps an expired purchase this long, in milliseconds, so that its key and its status have an answer: 7 days. */
export const KEEP_MS = 7 * 86_400_000

/**
 * A create whose answer was lost may land this much after the end, in milliseconds. The order looks so often until then, and the sweep
 * deletes what lands later.
 */
const LATE_CREATE_MS = 120_000
export const LOOK_EVERY_MS = 20_000

/** One wake-up may spend this long on deletes, in milliseconds, however many purchases are due and whatever the host does. */
export const EXPIRE_MS = 15_000

/**
 * One delete of an alarm may take this long, in milliseconds: the first one, and one after a host has hung, which may only be slow. The
 * platform counts the time for which an alarm holds its object. The sweep gives a delete more.
 */
const TRY_MS = { first: 5_000, later: 10_000 }

/** A delete that failed after this part of its time hung: the host gave no answer. */
const HANG_PART = 0.6

/** How many deletes run at once. The platform opens no more connections for one object. */
const CONCURRENCY = 6

/** The order continues after this time, in milliseconds, with purchases that one wake-up had no time for. */
const NEXT_BATCH_MS = 1_000

/** Whether a purchase has been live for the whole paid time, or was deleted by its payer or taken down. `now` in unix milliseconds. */
export const isOver = (purchase: Purchase, now: number): boolean => {
  // A renewal ends with its delivery. Its answer tells when the deployment ends.
  if (purchase.operation === "renew") return false
  const expiry = expiryOf(purchase)
  if (purchase.state === "expired" || isDeleted(purchase) || purchase.ending === true) return true
  return expiry !== null && now >= expiry
}

/**
 * Saves that the deployment ends, before anything is deleted, and returns it. From then on it takes no renewal. Returns
 * `undefined` if a renewal has come first. Look-up and write are one synchronous step. `now` in unix milliseconds.
 */
export const beginEnd = (store: PurchaseStore["Service"], id: string, now: number): Purchase | undefined => {
  const purchase = store.byId(id)
  if (purchase === undefined || isHeld(purchase) || !isOver(purchase, now)) return undefined
  const marked = isDeleted(purchase) || purchase.ending === true
  if (purchase.operation !== "deploy" || purchase.state !== "delivered" || marked) return purchase
  const ending = transition.ending(purchase)
  store.save(ending)
  return ending
}

/**
 * Deletes a purchase's project, and checks that the host no longer shows it, because a delete may succeed only in part. Returns
 * its id.
 */
export const removeProject = Effect.fnUntraced(function* (purchase: Purchase) {
  const projectId = yield* findProject(purchase)
  if (projectId === null) return null
  const host = yield* ControlPlaneClient
  yield* host.remove(projectId)
  if (Option.isNone(yield* host.get(projectId))) return projectId
  return yield* new ControlPlaneUnavailable({ message: "the project was deleted, and is still there" })
})

const again = Effect.fnUntraced(function* (id: string, reason: string, hangs: boolean) {
  yield* Effect.logWarning("a deployment that is over is still there", id, reason)
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)!
  const pause = (hangs ? backoff.hang : backoff.delete)(purchase.attempts)
  const over = purchase.takedown !== undefined ? "was taken down" : isDeleted(purchase) ? "was deleted" : "has expired"
  const detail = `The deployment ${over}, and the host has not deleted it yet. The service retries. The host said: ${reason}`
  yield* save(store, transition.retryAt(purchase, now + pause, { fault: "service", detail, at: now }))
})

const expired = Effect.fnUntraced(function* (id: string, projectId: string | null) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  // This reads the purchase again, because an update may have ended meanwhile.
  const ended = transition.expired(store.byId(id) as Captured | Delivered, now + KEEP_MS)
  const mayLand = projectId === null && ended.placement?.attempted === true
  const next = mayLand ? transition.awaitingCreate(ended, now + LATE_CREATE_MS, now + LOOK_EVERY_MS) : ended
  const purchase = yield* save(store, next)
  if (purchase.operation === "deploy") yield* recordEnd(purchase)
  // No decision reads this index, and its entries expire by themselves.
  if (projectId !== null) yield* Effect.ignore((yield* ExpiryStore).remove(projectId))
})

/** How the end of some purchases went. */
export interface Ended {
  /** Whether the host answered at least one delete. */
  readonly answered: boolean
  /** Whether it gave no answer to at least one. */
  readonly hung: boolean
}

/**
 * Deletes the projects of purchases that are over, in bounded time. The next wake-up continues with the rest. Never fails.
 *
 * @param patient whether a client waits for it. An alarm gives a host less time.
 */
export const expire = Effect.fn("OrderWorkflow.expire")(function* (
  over: ReadonlyArray<Purchase>,
  { patient }: { readonly patient: boolean }
) {
  const store = yield* PurchaseStore
  let hung = false
  let answered = false
  const open = new Set(over.map(({ id }) => id))
  const end = Effect.fnUntraced(function* ({ id }: Purchase) {
    // A host that hangs is not asked about the others, too.
    if (!patient && !answered && hung) return
    const begun = yield* Clock.currentTimeMillis
    const purchase = beginEnd(store, id, begun)
    if (purchase === undefined) return open.delete(id)
    const limit = patient ? EXPIRE_MS : purchase.attempts === 0 ? TRY_MS.first : TRY_MS.later
    // This records the loss again, because a crash may have come between the takedown and the record. Once only, because the
    // operator may pay it back while the host does not delete.
    const loss = purchase.takedown !== undefined && purchase.attempts === 0 ? recordLoss(purchase) : Effect.void
    const removed = removeProject(purchase).pipe(
      Effect.timeoutOrElse({
        duration: limit,
        orElse: () => new ControlPlaneUnavailable({ message: `no answer in ${limit / 1000} seconds` })
      })
    )
    const [result] = yield* Effect.zip(Effect.result(removed), loss, { concurrent: true })
    open.delete(id)
    if (Result.isSuccess(result)) {
      answered = true
      return yield* expired(id, result.success)
    }
    const hangs = (yield* Clock.currentTimeMillis) - begun >= limit * HANG_PART
    if (hangs) hung = true
    else answered = true
    yield* again(id, result.failure.message, hangs)
  })
  const endNamed = (purchase: Purchase) => Effect.annotateSpans(end(purchase), "mpp_compute.deployment_id", purchase.id)
  yield* Effect.forEach(over, endNamed, { concurrency: CONCURRENCY, discard: true }).pipe(
    Effect.timeoutOption(EXPIRE_MS)
  )
  for (const id of open) {
    const now = yield* Clock.currentTimeMillis
    // It may have been renewed since it was over.
    const purchase = beginEnd(store, id, now)
    if (purchase === undefined) continue
    if (answered) yield* save(store, transition.wakeAt(purchase, now + NEXT_BATCH_MS))
    else yield* again(id, "the host gives no answer", true)
  }
  return { answered, hung } satisfies Ended
})

/**
 * Releases the place of a purchase that has waited a week for its payer. The order still owes it, and places it anew at another
 * slug when the payer calls again. The order releases the place before it asks the host to delete the project. The host may
 * delete late, and nothing may be served from there then. The sweep deletes the rest.
 */
export const releaseProject = Effect.fn("OrderWorkflow.releaseProject")(function* ({ id }: Purchase) {
  const store = yield* PurchaseStore
  const purchase = store.byId(id)
  // Its payer may have deleted the deployment meanwhile.
  if (purchase === undefined || isDeleted(purchase)) return
  yield* save(store, transition.released(purchase))
  yield* Effect.ignore(removeProject(purchase))
})
