import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { StartResult } from "../bundle.ts"
import { siteWorkers, type SiteSurroundings } from "../site/plan.ts"
import type { QueryResult, SiteData, SiteSpec } from "../spec.ts"
import type { Alarms } from "./Alarms.ts"
import { ask } from "./ask.ts"
import { Instance } from "./Instance.ts"

/** A process of a project, and the revision that it runs. */
interface Entry {
  readonly revision: string
  readonly starting: Promise<Instance>
  hasEnded: boolean
  /** The number of requests and connections that it serves. */
  uses: number
  lastUse: number
}

/** The revision of a process that has the project's data and none of its code. */
const DATA_ONLY = "data"

/** A process that is replaced may finish its requests for this long. */
const DRAIN_MS = 2000

/** The processes of the sites that need one of their own. Each is started when it is first asked for. */
export class Sites {
  readonly #entries = new Map<string, Entry>()
  /** The last step of each project: a project has one process at a time, because its data is in one process's hands. */
  readonly #steps = new Map<string, Promise<unknown>>()
  readonly #dir: string
  readonly #surroundings: SiteSurroundings
  readonly #alarms: Alarms
  readonly #onEnd: (reason: "frozen" | "crashed", project: string) => void
  #checks = 0

  constructor(
    dir: string,
    surroundings: SiteSurroundings,
    alarms: Alarms,
    onEnd: (reason: "frozen" | "crashed", project: string) => void
  ) {
    this.#dir = dir
    this.#surroundings = surroundings
    this.#alarms = alarms
    this.#onEnd = onEnd
    mkdirSync(dir, { recursive: true })
  }

  /** The folder of the runtime's files for a project. */
  stateOf(project: string): string {
    return join(this.#dir, project)
  }

  /** The process that runs a revision, started if need be. Call `done` after the request. */
  async reach(
    { project, revision, host }: { readonly project: string; readonly revision: string; readonly host: string },
    load: () => Promise<{ readonly data: SiteData; readonly version: SiteSpec }>
  ): Promise<{ readonly instance: Instance; readonly done: () => void }> {
    let entry = this.#entries.get(project)
    if (entry?.revision !== revision || entry.hasEnded)
      entry = await this.#serially(project, async () => {
        const current = this.#entries.get(project)
        if (current?.revision === revision && !current.hasEnded) return current
        const { data, version } = await load()
        return this.#replace(project, revision, () => {
          this.#pruneObjects(version)
          this.#alarms.keepHost(project, host)
          this.#alarms.forget(project)
          return siteWorkers(data, version, this.#surroundings, { host })
        })
      })
    return this.#use(entry)
  }

  /** Runs SQL on a database of a project. */
  async query(
    data: SiteData,
    database: string,
    sql: string,
    params?: ReadonlyArray<unknown>
  ): Promise<QueryResult | null> {
    const reply = await this.#askAdmin(data, "/query", { database, sql, params })
    return JSON.parse(reply) as QueryResult | null
  }

  /** Whether a bucket has no object. */
  async isEmpty(data: SiteData, bucket: string): Promise<boolean> {
    if (!existsSync(join(this.stateOf(data.project), "r2"))) return true
    return (JSON.parse(await this.#askAdmin(data, `/bucket/${bucket}`)) as { readonly isEmpty: boolean }).isEmpty
  }

  /** Starts a version with its bindings and without its data, and ends it again. */
  async check(data: SiteData, version: SiteSpec): Promise<StartResult> {
    const state = join(this.#dir, `.check-${++this.#checks}`)
    const workers = siteWorkers(data, version, this.#surroundings, { host: "", isCheck: true })
    try {
      const instance = await Instance.start(workers, { state })
      try {
        const { body } = await ask(instance.sockets.admin, "/check", { timeoutMs: 5000 })
        return body === "true" ? { ok: true } : { ok: false, message: "The default export has no fetch handler." }
      } finally {
        await instance.stop()
      }
    } catch (cause) {
      return { ok: false, message: cause instanceof Error ? cause.message : String(cause) }
    } finally {
      rmSync(state, { recursive: true, force: true })
    }
  }

  /** Ends the process of a project, and deletes its data if told to. */
  remove(project: string, { data }: { readonly data: boolean }): Promise<void> {
    return this.#serially(project, async () => {
      await this.#end(project)
      if (data) rmSync(this.stateOf(project), { recursive: true, force: true })
    })
  }

  /** Ends the processes that served nothing for some time. */
  async endIdle(idleMs: number): Promise<void> {
    const idle = [...this.#entries].filter(([, { uses, lastUse }]) => uses === 0 && Date.now() - lastUse >= idleMs)
    await Promise.all(
      idle.map(([project, entry]) =>
        this.#serially(project, async () => {
          if (entry.uses === 0 && this.#entries.get(project) === entry) await this.#end(project)
        })
      )
    )
  }

  async #askAdmin(data: SiteData, path: string, body?: unknown): Promise<string> {
    const entry = await this.#serially(data.project, async () => {
      const current = this.#entries.get(data.project)
      if (current !== undefined && !current.hasEnded) return current
      return this.#replace(data.project, `${DATA_ONLY} ${JSON.stringify(data)}`, () =>
        siteWorkers(data, undefined, this.#surroundings, { host: "" })
      )
    })
    const { instance, done } = await this.#use(entry)
    try {
      const reply = await ask(instance.sockets.admin, path, { body })
      if (reply.status === 200) return reply.body
      throw new Error((JSON.parse(reply.body) as { readonly message: string }).message)
    } finally {
      done()
    }
  }

  async #use(entry: Entry): Promise<{ readonly instance: Instance; readonly done: () => void }> {
    entry.uses++
    let isDone = false
    const done = () => {
      if (isDone) return
      isDone = true
      entry.uses--
      entry.lastUse = Date.now()
    }
    try {
      return { instance: await entry.starting, done }
    } catch (cause) {
      done()
      throw cause
    }
  }

  async #replace(project: string, revision: string, workers: () => ReadonlyArray<object>): Promise<Entry> {
    await this.#end(project)
    const starting = Promise.resolve().then(() => Instance.start(workers(), { state: this.stateOf(project) }))
    const entry: Entry = { revision, starting, hasEnded: false, uses: 0, lastUse: Date.now() }
    this.#entries.set(project, entry)
    void starting.then(
      async (instance) => {
        const reason = await instance.ended
        entry.hasEnded = true
        this.#alarms.read(project)
        if (reason !== "stopped") this.#onEnd(reason, project)
      },
      () => (entry.hasEnded = true)
    )
    await starting.catch(() => {})
    return entry
  }

  async #end(project: string): Promise<void> {
    const entry = this.#entries.get(project)
    if (entry === undefined) return
    for (const until = Date.now() + DRAIN_MS; entry.uses > 0 && !entry.hasEnded && Date.now() < until;) await sleep(20)
    this.#entries.delete(project)
    await entry.starting.then(
      (instance) => instance.stop(),
      () => {}
    )
  }

  /** Deletes the objects of classes that a migration has deleted. */
  #pruneObjects({ project, classes }: SiteSpec): void {
    const folder = join(this.stateOf(project), "do")
    const keys = new Set(classes.map(({ key }) => key))
    for (const name of existsSync(folder) ? readdirSync(folder) : [])
      if (!keys.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }

  #serially<A>(project: string, step: () => Promise<A>): Promise<A> {
    const result = (this.#steps.get(project) ?? Promise.resolve()).then(step)
    const settled = result.catch(() => {})
    this.#steps.set(project, settled)
    void settled.then(() => {
      if (this.#steps.get(project) === settled) this.#steps.delete(project)
    })
    return result
  }
}
