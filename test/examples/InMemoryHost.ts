import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import {
  ControlPlaneClient,
  ControlPlaneRefused,
  type Project,
  SlugTaken
} from "../../src/control-plane/ControlPlaneClient.ts"

/** A host that keeps projects in memory, and serves none of them. The file's imports work here and in `src/control-plane`. */

/** The projects, each with its code after an upload. A real host would store them; this is the memory of one isolate. */
export const projects = new Map<string, Project & { readonly code?: string }>()

const change = (id: string, changes: { readonly code?: string; readonly tags?: ReadonlyArray<string> }) =>
  Effect.suspend(() => {
    const project = projects.get(id)
    if (project === undefined) return Effect.fail(new ControlPlaneRefused({ status: 404, message: "no such project" }))
    return Effect.sync(() => void projects.set(id, { ...project, ...changes }))
  })

const lacks = (what: string) => () =>
  Effect.fail(new ControlPlaneRefused({ status: 501, message: `this host has no ${what}` }))

/** `ControlPlaneClient` in memory. It gives a program nothing beside its code, so it has no `capabilities`. The name from the create finds a project again if the create's answer was lost. */
export const layerInMemoryHost = Layer.succeed(ControlPlaneClient, {
  capabilities: [],
  account: () => Effect.succeed({ usable: true }),
  create: Effect.fnUntraced(function* ({ name, slug }) {
    const createdAt = yield* Clock.currentTimeMillis
    if ([...projects.values()].some((project) => project.slug === slug)) return yield* new SlugTaken({ slug })
    const id = crypto.randomUUID()
    const url = `https://${slug}.memory.example`
    const project: Project = { id, name, slug, url, status: "active", tags: [], createdAt }
    projects.set(id, project)
    return project
  }),
  findBySlug: (slug) =>
    Effect.sync(() => Option.fromUndefinedOr([...projects.values()].find((one) => one.slug === slug))),
  get: (id) => Effect.sync(() => Option.fromUndefinedOr(projects.get(id))),
  list: () => Stream.suspend(() => Stream.fromIterable([...projects.values()])),
  tag: (id, tags) => change(id, { tags }),
  upload: (id, { code }) => change(id, { code }),
  serves: (url) => Effect.sync(() => [...projects.values()].some((one) => one.url === url && one.code !== undefined)),
  findDatabase: () => Effect.succeedNone,
  createDatabase: lacks("databases"),
  query: lacks("databases"),
  execute: lacks("databases"),
  logs: lacks("logs"),
  remove: (id) => Effect.sync(() => void projects.delete(id))
})
