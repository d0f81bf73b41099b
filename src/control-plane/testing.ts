import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Account, ControlPlane, Project } from "./ControlPlane.ts"
import { ControlPlaneClient } from "./ControlPlaneClient.ts"
import { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, SlugTaken } from "./errors.ts"
import { MemoryDatabase } from "./memory-database.ts"
import type { Capability, Upload } from "./Upload.ts"

type Method = Exclude<keyof ControlPlane, "capabilities">
/** The list counts as a call that answers with the stream. */
type Call<M extends Method> =
  ReturnType<ControlPlane[M]> extends infer Result
    ? Result extends Stream.Stream<infer _A, infer E>
      ? Effect.Effect<Result, E>
      : Result
    : never

/** A fault handles one call. It may run the call, before or after something else, or not at all. */
export type Fault<A, E> = (call: Effect.Effect<A, E>) => Effect.Effect<A, E>
type FaultOf<M extends Method> = Fault<Effect.Success<Call<M>>, Effect.Error<Call<M>>>

/** A project and everything that was uploaded to it, the newest last. */
export interface MemoryProject extends Project {
  readonly uploads: ReadonlyArray<Upload>
}

/** The call succeeds. Use it for the calls before the one that must fail. */
export const goesWell = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E> => call

/** The call does nothing, and fails with this. */
export const failsWith =
  <F>(error: F) =>
  <A, E>(_call: Effect.Effect<A, E>): Effect.Effect<A, E | F> =>
    Effect.fail(error)

/** The call happens, and its answer is lost. */
export const losesItsAnswer = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | ControlPlaneUnavailable> =>
  Effect.andThen(call, Effect.fail(new ControlPlaneUnavailable({ message: "the answer was lost" })))

const tagRule = /^[a-z0-9][a-z0-9:-]*[a-z0-9]$/
const slugRule = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/

const refusal = (status: number, message: string) => Effect.fail(new ControlPlaneRefused({ status, message }))

const asProject = ({ uploads: _uploads, ...project }: MemoryProject): Project => project
const withoutUrl = (project: MemoryProject): Project => ({ ...asProject(project), url: null })

/** A control plane in memory, as strict as Jack's: tests seed and inspect `projects`, read `calls` and script failures. */
export class ControlPlaneMemory {
  /** The projects by id. */
  readonly projects = new Map<string, MemoryProject>()
  /** The databases of each project, the oldest first. */
  readonly databases = new Map<string, Array<MemoryDatabase>>()
  /** The namespaces and buckets of each project, for example `"kv CACHE"`. Uploads create them. */
  readonly stores = new Map<string, Set<string>>()
  /** This host gives everything, until a test takes something away. */
  capabilities: ReadonlyArray<Capability> = ["kv", "d1", "r2", "durable_objects", "assets", "secrets", "modules"]
  /** The answer of `account`. */
  account: Account = { usable: true }
  /** The open logs by project. A test enqueues bytes, and closes them. */
  readonly openLogs = new Map<string, ReadableStreamDefaultController<Uint8Array>>()
  /** Every call in order: the method and its first argument, for example `"create my-api"` or `"upload project-1"`. */
  readonly calls: Array<string> = []
  readonly #faults = new Map<Method, Array<unknown>>()
  #created = 0

  /** Sets faults for the next calls of a method, one fault for each call. After the last one every call succeeds again. */
  next<M extends Method>(method: M, ...faults: ReadonlyArray<FaultOf<M>>): this {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults])
    return this
  }

  /** Removes the faults of a method's next calls, so that they succeed. */
  calm(method: Method): this {
    this.#faults.delete(method)
    return this
  }

  /** Adds a project, as another user of the account would, and returns it. */
  seed(project: Partial<MemoryProject> & { readonly slug: string }): MemoryProject {
    const id = project.id ?? `project-${++this.#created}`
    const url = `https://tester-${project.slug}.runjack.test`
    const row = { id, name: "", status: "active", url, tags: [], createdAt: 0, uploads: [], ...project }
    this.projects.set(id, row)
    return row
  }

  /** A fault of `create`: it leaves the project with this status, and the answer is lost. An `error` blocks the slug. */
  leaves(status: Project["status"]): FaultOf<"create"> {
    return (call) => losesItsAnswer(Effect.tap(call, ({ id }) => this.#change(id, () => ({ status }))))
  }

  /** The service. `findBySlug` and `list` do not return the URL, because the real answers may lack it too. */
  readonly client: ControlPlane = Object.defineProperty(this.#makeClient(), "capabilities", {
    get: () => this.capabilities
  })

  #makeClient(): ControlPlane {
    return {
      capabilities: this.capabilities,
      account: () => Effect.sync(() => this.account).pipe(this.#called("account", "")),
      create: ({ name, slug }) => this.#create(name, slug).pipe(this.#called("create", slug)),
      findBySlug: (slug) =>
        this.#find((project) => project.slug === slug, withoutUrl).pipe(this.#called("findBySlug", slug)),
      get: (id) => this.#find((project) => project.id === id, asProject).pipe(this.#called("get", id)),
      list: () =>
        Effect.sync(() => Stream.fromIterable([...this.projects.values()].map(withoutUrl))).pipe(
          this.#called("list", ""),
          Stream.unwrap
        ),
      tag: (id, tags) =>
        (tags.length > 20 || tags.some((tag) => tag.length > 50 || !tagRule.test(tag))
          ? refusal(400, "invalid tags")
          : this.#change(id, () => ({ tags }))
        ).pipe(this.#called("tag", id)),
      upload: (id, upload) =>
        Effect.andThen(
          this.#provide(id, upload),
          this.#change(id, ({ uploads }) => ({ uploads: [...uploads, upload] }))
        ).pipe(this.#called("upload", id)),
      findDatabase: (id, binding) =>
        Effect.map(this.#databasesOf(id), (all) =>
          Option.fromUndefinedOr(all.find((one) => one.binding === binding) ?? all[0])
        ).pipe(this.#called("findDatabase", id)),
      createDatabase: (id, binding) =>
        Effect.map(this.#databasesOf(id), (all) => {
          const database = new MemoryDatabase(`database-${++this.#created}`, binding)
          all.push(database)
          return database
        }).pipe(this.#called("createDatabase", id)),
      query: (id, _binding, sql) =>
        Effect.flatMap(this.#oldest(id), (database) => database.query(sql)).pipe(this.#called("query", id)),
      execute: (id, _binding, sql) =>
        Effect.flatMap(this.#oldest(id), (database) => database.execute(sql)).pipe(this.#called("execute", id)),
      logs: (id) =>
        Effect.suspend(() =>
          this.projects.has(id) ? Effect.succeed(this.#openLog(id)) : refusal(404, "no such project")
        ).pipe(this.#called("logs", id)),
      serves: (url) =>
        Effect.sync(() => {
          const project = this.projects.values().find((project) => project.url === url)
          return project !== undefined && project.uploads.length > 0
        }).pipe(this.#called("serves", url)),
      remove: (id) =>
        Effect.sync(() => {
          for (const all of [this.projects, this.databases, this.stores]) all.delete(id)
        }).pipe(this.#called("remove", id))
    }
  }

  #openLog(id: string) {
    return new ReadableStream<Uint8Array>({
      start: (controller) => void this.openLogs.set(id, controller),
      cancel: () => void this.openLogs.delete(id)
    })
  }

  #called(method: Method, subject: string) {
    return <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.suspend(() => {
        this.calls.push(`${method} ${subject}`.trim())
        // `next` takes only faults that fit the method.
        const fault = this.#faults.get(method)?.shift() as Fault<A, E> | undefined
        return fault === undefined ? call : fault(call)
      })
  }

  #create(name: string, slug: string): Call<"create"> {
    return Effect.gen({ self: this }, function* () {
      if (!slugRule.test(slug)) return yield* refusal(400, "bad slug")
      if (this.projects.values().some((project) => project.slug === slug)) return yield* new SlugTaken({ slug })
      return asProject(this.seed({ name, slug, createdAt: yield* Clock.currentTimeMillis }))
    })
  }

  #databasesOf(id: string) {
    return Effect.suspend(() => {
      if (!this.projects.has(id)) return refusal(404, "no such project")
      const all = this.databases.get(id) ?? []
      this.databases.set(id, all)
      return Effect.succeed(all)
    })
  }

  /** The database that statements run on, whatever binding they name. */
  #oldest(id: string) {
    return Effect.flatMap(this.#databasesOf(id), ([database]) =>
      database === undefined ? refusal(404, "No database found for project") : Effect.succeed(database)
    )
  }

  /** Creates the namespaces and buckets of an upload. Its database has to exist. */
  #provide(id: string, { resources, compatibilityFlags }: Upload) {
    return Effect.gen({ self: this }, function* () {
      if (resources === undefined) return
      const { kv, r2, database, durableObjects } = resources
      if (durableObjects !== null && !compatibilityFlags.includes("nodejs_compat")) {
        return yield* new CodeRejected({ message: "Durable Objects require nodejs_compat in compatibility_flags" })
      }
      const stores = this.stores.get(id) ?? new Set()
      this.stores.set(id, stores)
      for (const binding of kv) stores.add(`kv ${binding}`)
      for (const binding of r2) stores.add(`r2 ${binding}`)
      if (database !== null && (yield* this.#databasesOf(id)).length === 0) {
        return yield* new ControlPlaneUnavailable({ message: `D1 database with binding "${database}" not found` })
      }
    })
  }

  #find(wanted: (project: Project) => boolean, as: (project: MemoryProject) => Project) {
    return Effect.sync(() => Option.map(Option.fromUndefinedOr(this.projects.values().find(wanted)), as))
  }

  #change(id: string, change: (project: MemoryProject) => Partial<MemoryProject>) {
    return Effect.suspend(() => {
      const project = this.projects.get(id)
      if (project === undefined) return refusal(404, "no such project")
      this.projects.set(id, { ...project, ...change(project) })
      return Effect.void
    })
  }
}

/** A control plane in memory. Tests look into `memory` and script its failures; two layers over one memory are one control plane. */
export const layerControlPlaneMemory = (memory: ControlPlaneMemory = new ControlPlaneMemory()) =>
  Layer.succeed(ControlPlaneClient, memory.client)
