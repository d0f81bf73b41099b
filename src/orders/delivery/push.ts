import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { DeployFailed, Expired } from "../../domain/Errors.ts"
import { statusPath } from "../../domain/Order.ts"
import type { ExpiryStore } from "../../expiry/ExpiryStore.ts"
import { index, projectTags } from "./deliver.ts"
import { isOver } from "../steps/expire.ts"
import { type Place, withoutProject } from "./place.ts"
import { type Answer, type Delivered, expiryOf, type Failure } from "../purchase/Purchase.ts"
import { type Build, PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { backoff } from "../steps/backoff.ts"
import { makeSend, sentAgain } from "./send.ts"

/** An update gets this answer once its deployment has expired. */
export const over = (id: string) => new Expired({ detail: "This deployment has expired.", deployment_id: id })

/** Sends a saved update to the host. */
export const makePush = (host: ControlPlaneClient["Service"], place: Place, expiry: ExpiryStore["Service"]) => {
  const send = makeSend(host)

  /** The purchase of a deployment that has not expired. Read again, because it may have expired meanwhile. */
  const alive = Effect.fnUntraced(function* (id: string) {
    const purchase = (yield* PurchaseStore).byId(id)
    const now = yield* Clock.currentTimeMillis
    if (purchase?.state !== "delivered" || isOver(purchase, now)) return yield* over(id)
    return { purchase, now }
  })

  /** Writes a live purchase's next state. */
  const settle = Effect.fnUntraced(function* (
    id: string,
    change: (purchase: Delivered, now: number) => transition.Changes
  ) {
    const { purchase, now } = yield* alive(id)
    return yield* save(yield* PurchaseStore, transition.pushed(purchase, change(purchase, now)))
  })

  /** The host did not take the update. Code that the host refuses is dropped, because the host would refuse it again. */
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
      // Code that is sent once more was live before, and is: there is nothing that its payer could do.
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

  /** The project that the deployment has, or a new one in place of the one that is gone. */
  const placed = Effect.fnUntraced(function* (purchase: Delivered) {
    const { placement } = yield* place.create(purchase)
    const projectId = placement!.projectId!
    if (purchase.gone !== true) return projectId
    // The deployment expired while the host created the project: nobody else would delete that project.
    yield* Effect.tapError(alive(purchase.id), () => Effect.ignore(host.remove(projectId)))
    yield* host.tag(projectId, projectTags(Math.floor(expiryOf(purchase)! / 1000)))
    return projectId
  })

  /** The host does not find the project. If it is gone, the deployment is placed anew, for what is left of its time. */
  const replaced = Effect.fnUntraced(function* (id: string, projectId: string) {
    if (!(yield* place.isGone(projectId))) return
    yield* Effect.logWarning("a project is gone, and placed anew", id, projectId)
    yield* settle(id, ({ placement, due }) => ({
      gone: true,
      placement: withoutProject(placement!),
      due: due ?? Infinity
    }))
    yield* Effect.ignore(expiry.remove(projectId))
  })

  const upload = Effect.fnUntraced(function* (id: string) {
    const { purchase } = yield* alive(id)
    const build = (yield* PurchaseStore).payload(id)
    if (purchase.placement === null || build === undefined || !("code" in build))
      return yield* Effect.die(new Error(`${id} has nothing to update`))
    const projectId = yield* placed(purchase)
    yield* send(id, projectId, build).pipe(
      Effect.tapErrorTag("ControlPlaneRefused", (refused) =>
        refused.status === 404 ? replaced(id, projectId) : Effect.void
      )
    )
    const sent = (yield* alive(id)).purchase
    return { build, url: sent.gone === true ? yield* place.site(sent.placement!) : undefined }
  })

  /** Sends what was written down. Can be broken off anywhere and called again: the same upload twice does no harm. */
  return Effect.fn("OrderWorkflow.push")(function* (id: string) {
    const { build, url } = yield* upload(id).pipe(
      // At once, where the project has just been found to be gone.
      Effect.retry({ times: 1, while: (error) => error._tag === "ControlPlaneRefused" && error.status === 404 }),
      Effect.catchTags({
        CodeRejected: ({ message }) => untaken(id, "code", `does not start at the host (${message})`),
        ControlPlaneRefused: ({ status, message }) =>
          untaken(id, "service", `was refused by the host (${status} ${message})`),
        ControlPlaneUnavailable: ({ message }) => untaken(id, "service", `was not confirmed by the host (${message})`)
      })
    )
    const live = yield* settle(id, (purchase, now) => taken(purchase, build, url, now))
    if (url !== undefined) yield* index(expiry, live)
    const { answer, receipt } = live
    if (!("url" in answer)) return yield* Effect.die(new Error(`${id} has no URL`))
    return { ...answer, receipt }
  })
}

/** Returns the changes once the host takes an update; `url` if the deployment was placed anew. `now` in unix milliseconds. */
const taken = (purchase: Delivered, build: Build, url: string | undefined, now: number) => {
  const { answer, update } = purchase
  // It was live before, and is.
  if (update?.again !== undefined && url === undefined) return { update: null, inDoubt: [], due: Infinity }
  const next = update === null ? null : sentAgain(purchase, build, update, now)
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
