import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { DeployFailed, Expired } from "../../domain/Errors.ts"
import { statusPath } from "../../domain/Order.ts"
import { ExpiryStore } from "../../expiry/ExpiryStore.ts"
import { index, projectTags } from "./deliver.ts"
import { isOver } from "../steps/expire.ts"
import { findOrCreateProject, isGone, siteUrl, withoutProject } from "./place.ts"
import { type Answer, type Delivered, expiryOf, type Failure, isHeld } from "../purchase/Purchase.ts"
import { ended } from "../purchase/new-purchase.ts"
import { type Build, PurchaseStore } from "../purchase/PurchaseStore.ts"
import type { Sealed } from "../secrets/seal.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { backoff } from "../steps/backoff.ts"
import { install } from "./install.ts"
import { sentAgain } from "./send.ts"
import { verify } from "./verify.ts"

/** Fails with the answer to an update of a deployment that has expired or was deleted. */
export const over = Effect.fnUntraced(function* (id: string) {
  const purchase = (yield* PurchaseStore).byId(id)
  const next = "POST /deploy for another."
  if (purchase !== undefined) return yield* ended(purchase, next)
  return yield* new Expired({ detail: `This deployment has expired. ${next}`, deployment_id: id, expired_at: null })
})

/**
 * Returns the purchase if the deployment has not expired. It reads the purchase again, because the deployment may have expired
 * since.
 */
const alive = Effect.fnUntraced(function* (id: string) {
  const purchase = (yield* PurchaseStore).byId(id)
  const now = yield* Clock.currentTimeMillis
  if (purchase?.state !== "delivered" || isOver(purchase, now)) return yield* over(id)
  return { purchase, now }
})

/** Saves the next state of a live purchase. */
const settle = Effect.fnUntraced(function* (
  id: string,
  change: (purchase: Delivered, now: number) => transition.Changes
) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  // Look-up and write are one synchronous step, because a renewal may change the expiry at any time.
  const purchase = store.byId(id)
  if (purchase?.state !== "delivered" || isOver(purchase, now)) return yield* over(id)
  return yield* save(store, transition.pushed(purchase, change(purchase, now)))
})

/**
 * Handles an update that the host did not take. The order drops code that the host refuses, because the host would refuse it
 * again.
 */
const untaken = Effect.fnUntraced(function* (id: string, fault: Failure["fault"], what: string) {
  const { purchase } = yield* alive(id)
  const { key, attempts, again } = purchase.update ?? { key: "", attempts: 0 }
  const wait = backoff.delivery(attempts)
  const gone = purchase.gone === true
  const consequence = gone
    ? "the project was gone at the host, and nothing serves until the service has created it again"
    : `the code before it keeps serving${fault === "code" ? "" : " until the host has taken it"}`
  const detail = `The update ${what}; ${consequence}.`
  yield* settle(id, ({ update, failure }, now) => ({
    // This code was live before and still is, so the payer can do nothing.
    failure: again === undefined || gone ? { fault, detail, at: now } : failure,
    ...(fault === "code" || update === null
      ? { update: null, due: Infinity }
      : { update: { ...update, attempts: attempts + 1 }, due: now + wait })
  }))
  if (again !== undefined) yield* Effect.logWarning("the newest code could not be sent once more", id, what)
  const next =
    fault === "code" ? "Send corrected code; updates are free." : "The service retries by itself; see status_url."
  return yield* new DeployFailed({
    detail: `${detail} ${next}`,
    deployment_id: id,
    status_url: statusPath(id),
    fault,
    retry: { idempotency_key: key },
    ...(fault === "service" && { retry_after: Math.ceil(wait / 1000) })
  })
})

/** Returns the deployment's project, or creates one in place of a project that is gone. */
const placed = Effect.fnUntraced(function* (purchase: Delivered) {
  const host = yield* ControlPlaneClient
  const { placement } = yield* findOrCreateProject(purchase)
  const projectId = placement!.projectId!
  if (purchase.gone !== true) return projectId
  // The deployment expired while the host created the project, and nothing else would delete that project. A deployment that a
  // renewal holds needs it, and deletes it if the renewal is not paid.
  const store = yield* PurchaseStore
  yield* Effect.tapError(alive(purchase.id), () => {
    const present = store.byId(purchase.id)
    const held = present?.state === "delivered" && isHeld(present)
    return held ? Effect.void : Effect.ignore(host.remove(projectId))
  })
  yield* host.tag(projectId, projectTags(Math.floor(expiryOf(purchase)! / 1000)))
  return projectId
})

/** Handles a 404 of the host. If the project is gone, the order places the deployment anew for the rest of its time. */
const replaced = Effect.fnUntraced(function* (id: string, projectId: string) {
  if (!(yield* isGone(projectId))) return
  yield* Effect.logWarning("a project is gone, and placed anew", id, projectId)
  yield* settle(id, ({ placement, due }) => ({
    gone: true,
    placement: withoutProject(placement!),
    due: due ?? Infinity
  }))
  yield* Effect.ignore((yield* ExpiryStore).remove(projectId))
})

const upload = Effect.fnUntraced(function* (id: string) {
  const { purchase } = yield* alive(id)
  const build = (yield* PurchaseStore).payload(id)
  if (purchase.placement === null || build === undefined || !("code" in build))
    return yield* Effect.die(new Error(`${id} has nothing to update`))
  const projectId = yield* placed(purchase)
  yield* install(id, projectId, build).pipe(
    Effect.tapErrorTag("ControlPlaneRefused", (refused) =>
      refused.status === 404 ? replaced(id, projectId) : Effect.void
    )
  )
  const sent = (yield* alive(id)).purchase
  return { build, url: sent.gone === true ? yield* siteUrl(sent.placement!) : undefined }
})

/** Sends a saved update to the host. It is safe to interrupt and to repeat, because the same upload twice does no harm. */
export const push = Effect.fn("OrderWorkflow.push")(function* (id: string) {
  const again = (yield* alive(id)).purchase.update?.again !== undefined
  const { build, url } = yield* upload(id).pipe(
    // This retries at once if the project turned out to be gone.
    Effect.retry({ times: 1, while: (error) => error._tag === "ControlPlaneRefused" && error.status === 404 }),
    Effect.catchTags({
      CodeRejected: ({ message }) => untaken(id, "code", `does not start at the host (${message})`),
      MigrationFailed: ({ message }) => untaken(id, "code", `does not migrate the database (${message})`),
      SecretsUnreadable: ({ names }) =>
        untaken(id, "service", `needs ${names}, which the service cannot read any more: send env again by PUT`),
      ControlPlaneRefused: ({ status, message }) =>
        untaken(id, "service", `was refused by the host (${status} ${message})`),
      ControlPlaneUnavailable: ({ message }) => untaken(id, "service", `was not confirmed by the host (${message})`)
    })
  )
  const sealed = (yield* PurchaseStore).secrets(id)
  const live = yield* settle(id, (purchase, now) => taken(purchase, build, sealed, url, now))
  if (url !== undefined) yield* index(live)
  // Code that is sent once more has been live before.
  if (!again || url !== undefined) yield* verify(live)
  const { answer, receipt } = live
  if (!("url" in answer)) return yield* Effect.die(new Error(`${id} has no URL`))
  return { ...answer, receipt }
})

/**
 * Returns the changes after the host has taken an update. `url` is set if the deployment was placed anew. `now` in unix
 * milliseconds.
 */
const taken = (purchase: Delivered, build: Build, sealed: Sealed, url: string | undefined, now: number) => {
  const { answer, update } = purchase
  // This code was live before and still is.
  if (update?.again !== undefined && url === undefined) return { update: null, inDoubt: [], due: Infinity }
  const next = update === null ? null : sentAgain(purchase, build, sealed, update, now)
  return {
    update: next,
    due: next?.again ?? Infinity,
    updatedAt: now,
    failure: null,
    warnings: build.warnings ?? [],
    lock: build.lock ?? {},
    ...(url !== undefined && { gone: false, answer: { ...answer, url } as Answer })
  }
}
