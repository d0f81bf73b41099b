import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  ControlPlaneClient,
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

/** A project that is still provisioned after this time, in milliseconds, was given up by its creator. */
const PROVISIONING_MS = 600_000

// Read again each time: a deployment that is live may expire meanwhile.
const savePlacement = (id: string, placement: Placement) =>
  Effect.flatMap(PurchaseStore, (store) => save(store, transition.placed(store.byId(id)!, placement)))

const nextSlug = ({ id, slug }: Purchase) => savePlacement(id, newPlacement(slug))

const keepProject = (id: string, placement: Placement, project: Project) =>
  savePlacement(id, { ...placement, projectId: project.id, url: project.url })

/**
 * Looks up the slug's owner: keeps a project of this deployment, deletes one that failed, and takes another slug for anybody
 * else's. `undefined` if the host shows nobody.
 */
const recognize = Effect.fn("OrderWorkflow.recognize")(function* (purchase: Purchase, placement: Placement) {
  const host = yield* ControlPlaneClient
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
  return yield* keepProject(purchase.id, placement, found)
})

/**
 * Slugs are unique among all accounts that share a username, and the look-up shows only the caller's. So a slug that is taken
 * and has no visible owner belongs to a stranger for good.
 */
const slugTaken = Effect.fnUntraced(function* (purchase: Purchase, placement: Placement) {
  return (yield* recognize(purchase, placement)) ?? (yield* nextSlug(purchase))
})

/**
 * The purchase with its project at the host, which serves the deployment. It can be interrupted anywhere and called again,
 * because the order saves each request before it sends it, and recognizes its project by the name.
 */
export const findOrCreateProject = Effect.fn("OrderWorkflow.create")(function* (purchase: Purchase) {
  const host = yield* ControlPlaneClient
  const { id } = purchase
  let current =
    purchase.placement === null
      ? yield* savePlacement(id, { slug: purchase.slug, attempted: false, projectId: null, url: null })
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
    current = yield* savePlacement(id, attempted)
    current = yield* host.create({ name: projectName(id), slug: placement.slug }).pipe(
      Effect.flatMap((project) => keepProject(id, attempted, project)),
      Effect.catchTag("SlugTaken", () => slugTaken(current, attempted))
    )
  }
  return current.placement?.projectId == null
    ? yield* new ControlPlaneRefused({ status: 409, message: `no free slug like ${purchase.slug}` })
    : current
})

/** The URL at which the project answers. */
export const siteUrl = Effect.fn("OrderWorkflow.url")(function* ({ projectId, url }: Placement) {
  if (url !== null) return url
  const host = yield* ControlPlaneClient
  const project = Option.getOrUndefined(yield* host.get(projectId!))
  return project?.url ?? (yield* new ControlPlaneUnavailable({ message: "the project has no URL yet" }))
})

/** Whether the project is gone. The host's 404 to another call does not prove it, so the host is asked for the project itself. */
export const isGone = (projectId: string) =>
  Effect.flatMap(ControlPlaneClient, (host) => Effect.map(host.get(projectId), Option.isNone))

/** The same place without its project, which is gone. The next try asks for the slug again, and looks it up first. */
export const withoutProject = (placement: Placement): Placement => ({
  ...placement,
  attempted: true,
  projectId: null,
  url: null
})
