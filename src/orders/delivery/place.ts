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

/** One try asks for at most this many slugs before it pauses. */
const MAX_SLUGS = 5

/** A project that is still being provisioned after this time, in milliseconds, was given up by its creator. */
const PROVISIONING_MS = 600_000

/** Saves a placement. This reads the purchase again each time, because a live deployment may have expired since. */
export const savePlacement = (id: string, placement: Placement) =>
  Effect.flatMap(PurchaseStore, (store) => save(store, transition.placed(store.byId(id)!, placement)))

const nextSlug = ({ id, slug }: Purchase) => savePlacement(id, newPlacement(slug))

const keepProject = (id: string, placement: Placement, project: Project) =>
  savePlacement(id, { ...placement, projectId: project.id, url: project.url })

/**
 * Looks up the slug's owner. It keeps a project of this deployment, deletes a failed one, and takes another slug if the project
 * is another deployment's. Returns `undefined` if the host shows no project.
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
 * Handles a taken slug. Slugs are unique among all accounts that share a username, and the look-up shows only the caller's
 * projects. A taken slug without a visible owner therefore belongs to a stranger and stays taken.
 */
const slugTaken = Effect.fnUntraced(function* (purchase: Purchase, placement: Placement) {
  return (yield* recognize(purchase, placement)) ?? (yield* nextSlug(purchase))
})

/**
 * Returns the purchase with its project at the host. It is safe to interrupt and to repeat, because the order saves each
 * request before it sends it and recognizes its project by the name.
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

/**
 * Returns the id of the purchase's project at the host, also if the answer to its create was lost; null if there is none. It
 * recognizes the project by its name.
 */
export const findProject = Effect.fn("OrderWorkflow.findProject")(function* ({ id, placement }: Purchase) {
  if (placement === null || placement.projectId !== null || !placement.attempted) return placement?.projectId ?? null
  const host = yield* ControlPlaneClient
  const found = Option.getOrUndefined(yield* host.findBySlug(placement.slug))
  return found?.name === projectName(id) ? found.id : null
})

/** Returns the URL at which the project answers. */
export const siteUrl = Effect.fn("OrderWorkflow.url")(function* ({ projectId, url }: Placement) {
  if (url !== null) return url
  const host = yield* ControlPlaneClient
  const project = Option.getOrUndefined(yield* host.get(projectId!))
  return project?.url ?? (yield* new ControlPlaneUnavailable({ message: "the project has no URL yet" }))
})

/**
 * Whether the project is gone. The host's 404 to another call does not prove it, so this asks the host for the project itself.
 */
export const isGone = (projectId: string) =>
  Effect.flatMap(ControlPlaneClient, (host) => Effect.map(host.get(projectId), Option.isNone))

/** Returns the same place without its project, which is gone. The next try looks the slug up before it asks for it again. */
export const withoutProject = ({ slug }: Placement): Placement => ({
  slug,
  attempted: true,
  projectId: null,
  url: null
})
