import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  type ControlPlaneClient,
  ControlPlaneRefused,
  ControlPlaneUnavailable,
  type Project
} from "../control-plane/ControlPlaneClient.ts"
import { projectName } from "../control-plane/slug.ts"
import { DeployFailed } from "../domain/Errors.ts"
import { statusPath, timestamp } from "../domain/Order.ts"
import type { ExpiryStore } from "../expiry/ExpiryStore.ts"
import { Ledger, save } from "./Ledger.ts"
import { elsewhere, type Failure, type Placement, type Purchase } from "./Purchase.ts"
import { setBack } from "./setback.ts"

/** How many slugs one try asks for before it pauses. */
const maxSlugs = 5

/** A project that is still provisioned after this time, in milliseconds, was given up by whoever did that. */
const provisioningMillis = 600_000

/**
 * Step 7 of a deploy: a captured purchase becomes a live site. Can be broken off anywhere and called again: what was asked
 * of the host was written down first and is recognized by its name.
 */
export const makeDeliver = (
  host: ControlPlaneClient["Service"],
  expiry: ExpiryStore["Service"],
  ttlHours: () => number
) => {
  const place = (purchase: Purchase, placement: Placement) => save({ ...purchase, placement })

  const nextSlug = (purchase: Purchase) => place(purchase, elsewhere(purchase.slug))

  const ours = (purchase: Purchase, placement: Placement, { id, url }: Project) =>
    place(purchase, { ...placement, projectId: id, url })

  /** Somebody has this slug. Ours is kept, ours that failed is deleted, and for anybody else's another slug is taken. */
  const recognize = Effect.fn("Deployer.recognize")(function* (purchase: Purchase, placement: Placement) {
    const found = Option.getOrUndefined(yield* host.findBySlug(placement.slug))
    if (found === undefined) return undefined
    if (found.name !== projectName(purchase.id)) return yield* nextSlug(purchase)
    const abandoned = (yield* Clock.currentTimeMillis) - found.createdAt >= provisioningMillis
    if (found.status === "provisioning" && !abandoned) {
      return yield* new ControlPlaneUnavailable({ message: "the project is still being provisioned" })
    }
    if (found.status === "error" || found.status === "provisioning") {
      yield* host.remove(found.id)
      return yield* nextSlug(purchase)
    }
    return yield* ours(purchase, placement, found)
  })

  /** A purchase with a project, whatever was created, lost or taken before. */
  const create = Effect.fn("Deployer.create")(function* (purchase: Purchase) {
    let current = purchase.placement === null ? yield* place(purchase, { slug: purchase.slug, ...unasked }) : purchase
    for (let asked = 0; asked < maxSlugs; asked++) {
      const placement = current.placement!
      if (placement.projectId !== null) return current
      if (placement.attempted) {
        const recognized = yield* recognize(current, placement)
        if (recognized !== undefined) {
          current = recognized
          continue
        }
      }
      current = yield* place(current, { ...placement, attempted: true })
      current = yield* host.create({ name: projectName(purchase.id), slug: placement.slug }).pipe(
        Effect.flatMap((project) => ours(current, placement, project)),
        // Taken by whom? The next round looks.
        Effect.catchTag("SlugTaken", () => Effect.succeed(current))
      )
    }
    return current.placement?.projectId == null
      ? yield* new ControlPlaneRefused({ status: 409, message: `no free slug like ${purchase.slug}` })
      : current
  })

  const site = Effect.fn("Deployer.url")(function* ({ projectId, url }: Placement) {
    if (url !== null) return url
    const project = Option.getOrUndefined(yield* host.get(projectId!))
    return project?.url ?? (yield* new ControlPlaneUnavailable({ message: "the project has no URL yet" }))
  })

  const publish = Effect.fn("Deployer.publish")(function* (purchase: Purchase) {
    const { placement } = purchase
    const ledger = yield* Ledger
    const upload = ledger.goods(purchase.id)
    if (placement?.projectId == null || upload === undefined || !("code" in upload)) {
      return yield* Effect.die(new Error(`${purchase.id} has nothing to publish`))
    }
    const ttl = ttlHours()
    const millis = ttl * 3_600_000
    const soonest = Math.ceil(((yield* Clock.currentTimeMillis) + millis) / 1000)
    yield* host.tag(placement.projectId, ["mpp-compute", `expires:${soonest}`]).pipe(
      Effect.andThen(host.upload(placement.projectId, upload)),
      // Somebody deleted it: the next try makes another one.
      Effect.tapErrorTag("ControlPlaneRefused", ({ status }) =>
        status === 404 ? place(purchase, { ...placement, projectId: null, url: null }) : Effect.void
      )
    )
    const url = yield* site(placement)
    // The 24 hours start here: the site is live.
    const expiresAt = (yield* Clock.currentTimeMillis) + millis
    const answer = { url, deployment_id: purchase.id, expires_at: timestamp(expiresAt), ttl_hours: ttl }
    const delivered = yield* save({
      ...purchase,
      state: "delivered",
      answer,
      failure: null,
      attempts: 0,
      updatedAt: yield* Clock.currentTimeMillis,
      due: Date.parse(answer.expires_at)
    })
    yield* (
      expiry
        .put({
          projectId: placement.projectId,
          deploymentId: purchase.id,
          url,
          expiresAt: Math.floor(expiresAt / 1000)
        })
        // An index that no decision reads: a deploy that is live does not fail for it.
        .pipe(
          Effect.catch((error) => Effect.logWarning("the expiry index was not written", purchase.id, error.message))
        )
    )
    return delivered
  })

  const failed = Effect.fn("Deployer.undelivered")(function* (id: string, failure: Omit<Failure, "at">) {
    const { purchase, owed, retryAfter } = yield* setBack(id, failure)
    const about = {
      deployment_id: id,
      status_url: statusPath(id),
      fault: failure.fault,
      retry: { idempotency_key: purchase.key }
    }
    if (failure.fault === "code") {
      const detail = `You were charged, and the host does not start this code: ${failure.detail}`
      return yield* new DeployFailed({ ...about, detail })
    }
    if (owed) {
      const detail =
        "You were charged, and for 7 days this could not be delivered. It is owed to you: repeat the same call with the " +
        `Idempotency-Key of retry at no cost. The host said: ${failure.detail}`
      return yield* new DeployFailed({ ...about, detail })
    }
    return yield* new DeployFailed({
      ...about,
      detail:
        "You were charged. It goes on by itself; do not pay again. Look at status_url, or repeat the same call with the " +
        `Idempotency-Key of retry at no cost. The host said: ${failure.detail}`,
      retry_after: retryAfter
    })
  })

  return (purchase: Purchase) =>
    create(purchase).pipe(
      Effect.flatMap(publish),
      Effect.catchTags({
        CodeRejected: ({ message }) => failed(purchase.id, { fault: "code", detail: message }),
        ControlPlaneRefused: ({ status, message }) =>
          failed(purchase.id, { fault: "service", detail: `${status} ${message}` }),
        ControlPlaneUnavailable: ({ message }) => failed(purchase.id, { fault: "service", detail: message })
      }),
      // A defect has cost the payer what an outage costs: it is tried again, less and less often.
      Effect.catchDefect((defect) =>
        Effect.andThen(
          Effect.logError("a defect while delivering", purchase.id, defect),
          failed(purchase.id, { fault: "service", detail: "something broke on our side" })
        )
      )
    )
}

const unasked = { attempted: false, projectId: null, url: null }
