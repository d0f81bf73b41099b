import { setTimeout as sleep } from "node:timers/promises"
import type { Instance } from "./Instance.ts"

/** A process of a project. */
export interface Entry<Info> {
  /** The process and its data, as its starter describes it. */
  readonly info: Info
  readonly starting: Promise<Instance>
  hasEnded: boolean
  /** The number of requests and connections that it serves. */
  uses: number
  lastUse: number
}

/** A process in use. Call `done` after the use. */
export interface Use {
  readonly instance: Instance
  readonly done: () => void
}

/** A process that is replaced may finish its requests for this long. */
const DRAIN_MS = 2000

/** One process at a time for each project, because a project's data is in one process's hands. */
export class Processes<Info> {
  readonly #entries = new Map<string, Entry<Info>>()
  /** The last step of each project. */
  readonly #steps = new Map<string, Promise<unknown>>()
  readonly #onEnd: (reason: Awaited<Instance["ended"]>, project: string) => void

  constructor(onEnd: (reason: Awaited<Instance["ended"]>, project: string) => void) {
    this.#onEnd = onEnd
  }

  /** The project's process if it suits, or else a new one in its place. */
  async use(
    project: string,
    suits: (info: Info) => boolean,
    start: () => Promise<{ readonly info: Info; readonly start: () => Promise<Instance> }>
  ): Promise<Use> {
    const current = (): Entry<Info> | undefined => {
      const entry = this.#entries.get(project)
      return entry !== undefined && !entry.hasEnded && suits(entry.info) ? entry : undefined
    }
    const entry =
      current() ??
      (await this.#serially(project, async () => {
        const suitable = current()
        if (suitable !== undefined) return suitable
        const next = await start()
        await this.#end(project)
        return this.#begin(project, next.info, next.start())
      }))
    return use(entry)
  }

  /** Ends the process of a project, and then does something with its data. */
  end(project: string, after: () => void): Promise<void> {
    return this.#serially(project, async () => {
      await this.#end(project)
      after()
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

  async #begin(project: string, info: Info, starting: Promise<Instance>): Promise<Entry<Info>> {
    const entry: Entry<Info> = { info, starting, hasEnded: false, uses: 0, lastUse: Date.now() }
    this.#entries.set(project, entry)
    void starting.then(
      async (instance) => {
        const reason = await instance.ended
        entry.hasEnded = true
        this.#onEnd(reason, project)
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

const use = async <Info>(entry: Entry<Info>): Promise<Use> => {
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
