import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { setting } from "../../config.ts"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { DeployFailed } from "../../domain/Errors.ts"
import { hoursMs, statusPath, timestamp } from "../../domain/Order.ts"
import { ExpiryStore } from "../../expiry/ExpiryStore.ts"
import { findOrCreateProject, isGone, siteUrl, withoutProject } from "./place.ts"
import { recordLive, settleOwed } from "../operator/records.ts"
import { ended } from "../purchase/new-purchase.ts"
import { type Captured, type Failure, isDeleted, newPlacement, type Purchase } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { install } from "./install.ts"
import { sentAgain } from "./send.ts"
import { verify } from "./verify.ts"
import { recordFailure } from "../steps/retry.ts"

/** The end of the answer to a call that waits for a delivery. */
const OVER = "Nothing serves at its URL."

/**
 * Handles a project that was deleted at the host. The next try creates another one, at another slug if the host still shows the
 * project.
 */
const lost = Effect.fnUntraced(function* (id: string, projectId: string) {
  const store = yield* PurchaseStore
  const gone = yield* isGone(projectId)
  const purchase = store.byId(id)!
  const placement = gone ? withoutProject(purchase.placement!) : newPlacement(purchase.slug)
  yield* save(store, transition.placed(purchase, placement))
})

const publish = Effect.fn("OrderWorkflow.publish")(function* (purchase: Purchase) {
  const { placement } = purchase
  // The delivery stops here, and the takedown deletes the project.
  if (isDeleted(purchase)) return yield* ended(purchase, OVER)
  const host = yield* ControlPlaneClient
  const store = yield* PurchaseStore
  const upload = store.payload(purchase.id)
  if (placement?.projectId == null || upload === undefined || !("code" in upload)) {
    return yield* Effect.die(new Error(`${purchase.id} has nothing to publish`))
  }
  const ttl = yield* setting("TTL_HOURS")
  const millis = hoursMs(ttl)
  const soonest = Math.ceil(((yield* Clock.currentTimeMillis) + millis) / 1000)
  yield* host.tag(placement.projectId, projectTags(soonest)).pipe(
    Effect.andThen(install(purchase.id, placement.projectId, upload)),
    Effect.tapErrorTag("ControlPlaneRefused", ({ status }) =>
      status === 404 ? lost(purchase.id, placement.projectId!) : Effect.void
    )
  )
  const url = yield* siteUrl(placement)
  // The paid hours start here: the site is live.
  const now = yield* Clock.currentTimeMillis
  const expiresAt = now + millis
  const answer = { url, deployment_id: purchase.id, expires_at: timestamp(expiresAt), ttl_hours: ttl }
  const sent = store.byId(purchase.id) as Captured
  const update = sentAgain(sent, upload, store.secrets(purchase.id), { body: "", key: purchase.key, attempts: 0 }, now)
  const delivered = yield* save(store, transition.delivered(sent, answer, now, update))
  if (sent.failure !== null && !isDeleted(sent)) yield* settleOwed(delivered)
  // Neither needs the other, so the client waits for both at once.
  const verified = isDeleted(delivered) ? Effect.void : verify(delivered)
  yield* Effect.all([index(delivered), verified], { concurrency: 2, discard: true })
  return delivered
})

const failed = Effect.fn("OrderWorkflow.deliveryFailed")(function* (
  id: string,
  failure: Omit<Failure, "at">,
  reason = failure.fault === "code" ? "the host does not start this code" : "The host said"
) {
  const present = (yield* PurchaseStore).byId(id)
  // The takedown has deleted its project.
  if (present !== undefined && isDeleted(present)) return yield* ended(present, OVER)
  const { purchase, owed, retryAfter } = yield* recordFailure(id, failure)
  const about = {
    deployment_id: id,
    status_url: statusPath(id),
    fault: failure.fault,
    retry: { idempotency_key: purchase.key }
  }
  if (failure.fault === "code") {
    const detail = `You were charged, and ${reason}: ${failure.detail}`
    return yield* new DeployFailed({ ...about, detail })
  }
  if (owed) {
    const detail =
      "You were charged, and the service could not deliver this for 7 days. It still owes it to you: repeat the same call with the " +
      `Idempotency-Key of retry at no cost. ${reason}: ${failure.detail}`
    return yield* new DeployFailed({ ...about, detail })
  }
  return yield* new DeployFailed({
    ...about,
    detail:
      "You were charged. The service retries by itself; do not pay again. See status_url, or repeat the same call with the " +
      `Idempotency-Key of retry at no cost. ${reason}: ${failure.detail}`,
    retry_after: retryAfter
  })
})

/**
 * Step 7 of a deploy makes a live site of a captured purchase. It is safe to interrupt and to repeat, because the order saves
 * each request to the host first and recognizes its project by the name.
 */
export const deliver = (purchase: Purchase) =>
  findOrCreateProject(purchase).pipe(
    Effect.flatMap(publish),
    Effect.catchTags({
      CodeRejected: ({ message }) => failed(purchase.id, { fault: "code", detail: message }),
      MigrationFailed: ({ message }) =>
        failed(
          purchase.id,
          { fault: "code", detail: `${message}. Send corrected migrations by PUT.` },
          "the database refuses a migration"
        ),
      SecretsUnreadable: ({ names }) =>
        failed(
          purchase.id,
          { fault: "service", detail: `The service cannot read ${names} any more. Send env again by PUT, free.` },
          "The service's key has changed"
        ),
      ControlPlaneRefused: ({ status, message }) =>
        failed(purchase.id, { fault: "service", detail: `${status} ${message}` }),
      ControlPlaneUnavailable: ({ message }) => failed(purchase.id, { fault: "service", detail: message })
    }),
    // A defect counts as an outage because the payer has paid: the order tries again.
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.logError("a defect while delivering", purchase.id, defect),
        failed(purchase.id, { fault: "service", detail: "an internal error" })
      )
    )
  )

/** Returns the tags of a deployment's project, by which the sweep finds it. `expiresAt` in unix seconds. */
export const projectTags = (expiresAt: number): ReadonlyArray<string> => ["mpp-compute", `expires:${expiresAt}`]

/** Adds a live deployment to the index. No decision reads the index, so a failure leaves only a warning. */
export const index = Effect.fnUntraced(function* (purchase: Purchase) {
  const { id, placement, answer } = purchase
  if (placement?.projectId == null || answer === null || !("url" in answer) || isDeleted(purchase)) return
  yield* recordLive(purchase)
  const expiry = yield* ExpiryStore
  const entry = {
    projectId: placement.projectId,
    deploymentId: id,
    url: answer.url,
    expiresAt: Math.floor(Date.parse(answer.expires_at) / 1000)
  }
  yield* Effect.catch(expiry.put(entry), (error) =>
    Effect.logWarning("the expiry index was not written", id, error.message)
  )
})
