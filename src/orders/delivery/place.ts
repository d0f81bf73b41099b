import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  type ControlPlaneClient,
  ControlPlaneRefused,
  ControlPlaneUnavailable,
  type Project
} from "../../control-plane/ControlPlaneClient.ts"
import { projectName } from "../../control-plane/slug.ts"
import { newPlacement, type Placement, type Purchase } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"

/** How many slugs one try asks for before it pauses. */
const MAX_SLUGS = 5

/** A project that is still provisioned after this time, in milliseconds, was given up by whoever did that. */
const PROVISIONING_MS = 600_000

/**
 * A place at the host for a deployment: the project that it is, or will be, served from. Can be broken off anywhere and
 * called again: the host is asked for what was written down before, and its project is recognized by its name.
 */
export const makePlace = (host: ControlPlaneClient["Service"]) => {
  // Read again each time: a deployment that is live may come to its end meanwhile.
  const place = (id: string, placement: Placement) =>
    Effect.flatMap(PurchaseStore, (store) => save(store, transition.placed(store.byId(id)!, placement)))

  const nextSlug = ({ id, slug }: Purchase) => place(id, newPlacement(slug))

  const ours = (id: string, placement: Placement, project: Project) =>
    place(id, { ...placement, projectId: project.id, url: project.url })

  /**
   * Looks up the slug's owner: keeps a project of ours, deletes one that failed, and takes another slug for anybody
   * else's. `undefined` where the host shows nobody.
   */
  const recognize = Effect.fn("OrderWorkflow.recognize")(function* (purchase: Purchase, placement: Placement) {
    const found = Option.getOrUndefined(yield* host.findBySlug(placement.slug))
    if (found === undefined) return undefined
    if (found.name !== projectName(purchase.id)) return yield* nextSlug(purchase)
    const abandoned = (yield* Clock.currentTimeMillis) - found.createdAt >= PROVISIONING_MS
    if (found.status === "provisioning" && !abandoned) {
      return yield* new ControlPlaneUnavailable({ message: "the project is still being provisioned" })
    }
    if (found.status === "error" || found.status === "provisioning") {
      yield* host.remove(found.id)
      return yield* nextSlug(purchase)
    }
    return yield* ours(purchase.id, placement, found)
  })

  /**
   * Slugs are unique among all that share a username, and the look-up shows only what is the caller's: a slug that is taken,
   * and that nobody is shown to have, is a stranger's for good.
   */
  const taken = Effect.fnUntraced(function* (purchase: Purchase, placement: Placement) {
    return (yield* recognize(purchase, placement)) ?? (yield* nextSlug(purchase))
  })

  return {
    /** The purchase with a project, whatever was created, lost or taken before. */
    create: Effect.fn("OrderWorkflow.create")(function* (purchase: Purchase) {
      const { id } = purchase
      let current =
        purchase.placement === null
          ? yield* place(id, { slug: purchase.slug, attempted: false, projectId: null, url: null })
          : purchase
      for (let asked = 0; asked < MAX_SLUGS; asked++) {
        const placement = current.placement!
        if (placement.projectId !== null) return current
        if (placement.attempted) {
          const recognized = yield* recognize(current, placement)
          if (recognized !== undefined) {
            current = recognized
            continue
          }
        }
        const attempted = { ...placement, attempted: true }
        current = yield* place(id, attempted)
        current = yield* host.create({ name: projectName(id), slug: placement.slug }).pipe(
          Effect.flatMap((project) => ours(id, attempted, project)),
          Effect.catchTag("SlugTaken", () => taken(current, attempted))
        )
      }
      return current.placement?.projectId == null
        ? yield* new ControlPlaneRefused({ status: 409, message: `no free slug like ${purchase.slug}` })
        : current
    }),

    /** Where its project answers. */
    site: Effect.fn("OrderWorkflow.url")(function* ({ projectId, url }: Placement) {
      if (url !== null) return url
      const project = Option.getOrUndefined(yield* host.get(projectId!))
      return project?.url ?? (yield* new ControlPlaneUnavailable({ message: "the project has no URL yet" }))
    }),

    /** Whether the host, which does not find the project for a call, says so when it is asked for the project itself. */
    isGone: (projectId: string) => Effect.map(host.get(projectId), Option.isNone)
  }
}
/** How a deployment is placed. */
export type Place = ReturnType<typeof makePlace>

/** The same place without its project, which is gone: the slug is asked for again, and looked up first. */
export const withoutProject = (placement: Placement): Placement => ({
  ...placement,
  attempted: true,
  projectId: null,
  url: null
})
