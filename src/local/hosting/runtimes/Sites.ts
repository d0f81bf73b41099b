import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { StartResult } from "../bundle.ts"
import { siteWorkers, type SiteSurroundings } from "../site/plan.ts"
import type { QueryResult, SiteData, SiteSpec } from "../spec.ts"
import type { Alarms } from "./Alarms.ts"
import { ask } from "./ask.ts"
import { Instance } from "./Instance.ts"
import { Processes, type Use } from "./Processes.ts"

/** The content of a process: the project's data, and the revision of its code, if it has the code. */
interface Content {
  readonly revision: string | undefined
  readonly data: SiteData
}

/** The sites that need a process of their own. Each process is started when it is first asked for. */
export class Sites {
  readonly #processes: Processes<Content>
  readonly #dir: string
  readonly #surroundings: SiteSurroundings
  readonly #alarms: Alarms
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
    this.#processes = new Processes((reason, project) => {
      alarms.read(project)
      if (reason !== "stopped") onEnd(reason, project)
    })
    mkdirSync(dir, { recursive: true })
    for (const name of readdirSync(dir)) if (name.startsWith(CHECK)) rmSync(join(dir, name), { recursive: true })
  }

  /** The process that runs a revision. */
  reach(
    { project, revision, host }: { readonly project: string; readonly revision: string; readonly host: string },
    load: () => Promise<{ readonly data: SiteData; readonly version: SiteSpec }>
  ): Promise<Use> {
    return this.#processes.use(
      project,
      (running) => running.revision === revision,
      async () => {
        const { data, version } = await load()
        const start = async () => {
          this.#pruneObjects(version)
          this.#alarms.keepHost(project, host)
          this.#alarms.forget(project)
          return this.#start(project, siteWorkers(data, version, this.#surroundings, { host }))
        }
        return { info: { revision, data }, start }
      }
    )
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
    if (!existsSync(join(this.#dir, data.project, "r2"))) return true
    return (JSON.parse(await this.#askAdmin(data, `/bucket/${bucket}`)) as { readonly isEmpty: boolean }).isEmpty
  }

  /** Starts a version with its bindings and without its data, and ends it again. */
  async check(data: SiteData, version: SiteSpec): Promise<StartResult> {
    const name = `${CHECK}${++this.#checks}`
    const workers = siteWorkers(data, version, this.#surroundings, { host: "", isCheck: true })
    try {
      const instance = await this.#start(name, workers)
      try {
        const { body } = await ask(instance.sockets.admin, "/check", { timeoutMs: 5000 })
        return body === "true" ? { ok: true } : { ok: false, message: "The default export has no fetch handler." }
      } finally {
        await instance.stop()
      }
    } catch (cause) {
      return { ok: false, message: cause instanceof Error ? cause.message : String(cause) }
    } finally {
      rmSync(join(this.#dir, name), { recursive: true, force: true })
    }
  }

  /** Ends the process of a project, and deletes its data on request. */
  remove(project: string, { data }: { readonly data: boolean }): Promise<void> {
    return this.#processes.end(project, () => {
      if (data) rmSync(join(this.#dir, project), { recursive: true, force: true })
    })
  }

  /** Ends the processes that served nothing for some time. */
  endIdle(idleMs: number): Promise<void> {
    return this.#processes.endIdle(idleMs)
  }

  /** Asks the process of a project, with its code or without. It may have been started before a database was made. */
  async #askAdmin(data: SiteData, path: string, body?: unknown): Promise<string> {
    const { instance, done } = await this.#processes.use(
      data.project,
      (running) =>
        data.databases.every((id) => running.data.databases.includes(id)) &&
        data.buckets.every((id) => running.data.buckets.includes(id)),
      async () => ({
        info: { revision: undefined, data },
        start: () => this.#start(data.project, siteWorkers(data, undefined, this.#surroundings, { host: "" }))
      })
    )
    try {
      const reply = await ask(instance.sockets.admin, path, { body })
      if (reply.status === 200) return reply.body
      throw new Error((JSON.parse(reply.body) as { readonly message: string }).message)
    } finally {
      done()
    }
  }

  #start(name: string, workers: ReadonlyArray<object>): Promise<Instance> {
    return Instance.start(workers, { state: join(this.#dir, name) })
  }

  /** Deletes the objects of classes that a migration has deleted. */
  #pruneObjects({ project, classes }: SiteSpec): void {
    const folder = join(this.#dir, project, "do")
    const keys = new Set(classes.map(({ key }) => key))
    for (const name of existsSync(folder) ? readdirSync(folder) : [])
      if (!keys.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/** The beginning of the names of the folders for start checks. */
const CHECK = ".check-"
