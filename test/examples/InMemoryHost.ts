import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import {
  ControlPlaneClient,
  ControlPlaneRefused,
  type Project,
  SlugTaken
} from "../../src/control-plane/ControlPlaneClient.ts"

/**
 * A host that keeps what it is given on a shelf, and serves none of it. The file's imports hold here and in
 * `src/control-plane` alike.
 */

/** What is hosted: the project, and the code once there is some. For real, at your host: this is one isolate's memory. */
export const shelf = new Map<string, Project & { readonly code?: string }>()

const change = (id: string, changes: { readonly code?: string; readonly tags?: ReadonlyArray<string> }) =>
  Effect.suspend(() => {
    const project = shelf.get(id)
    if (project === undefined) return Effect.fail(new ControlPlaneRefused({ status: 404, message: "no such project" }))
    return Effect.sync(() => void shelf.set(id, { ...project, ...changes }))
  })

/** `ControlPlaneClient` on a shelf: a name set by the create finds a project again whose answer was lost. */
export const layerShelf = Layer.succeed(ControlPlaneClient, {
  account: () => Effect.succeed({ usable: true }),
  create: Effect.fnUntraced(function* ({ name, slug }) {
    const createdAt = yield* Clock.currentTimeMillis
    if ([...shelf.values()].some((project) => project.slug === slug)) return yield* new SlugTaken({ slug })
    const id = crypto.randomUUID()
    const url = `https://${slug}.shelf.example`
    const project: Project = { id, name, slug, url, status: "active", tags: [], createdAt }
    shelf.set(id, project)
    return project
  }),
  findBySlug: (slug) => Effect.sync(() => Option.fromUndefinedOr([...shelf.values()].find((one) => one.slug === slug))),
  get: (id) => Effect.sync(() => Option.fromUndefinedOr(shelf.get(id))),
  list: () => Effect.sync(() => [...shelf.values()]),
  tag: (id, tags) => change(id, { tags }),
  upload: (id, { code }) => change(id, { code }),
  remove: (id) => Effect.sync(() => void shelf.delete(id))
})
