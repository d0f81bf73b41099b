import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Child } from "../system/process.ts"
import { answers, poll } from "../ready.ts"
import { startRuntime } from "../runtime/start.ts"
import type { Verdict } from "./bundle.ts"
import type { EncodedBundle } from "./encoding.ts"

/** The process that runs hosted code, and the watchdog over it. */
export interface Hosting {
  /** Starts a bundle there and says whether it serves. Code that freezes the process is code that does not start. */
  readonly check: (bundle: EncodedBundle) => Promise<Verdict>
  /** How often the watchdog has replaced the process. */
  readonly restarts: () => number
  /** Why the hosting is down for good, once it is: several replacements in a row did not start. */
  readonly failed: Promise<string>
  readonly stop: () => Promise<void>
}

/** The watchdog asks this often, waits this long for each answer, and replaces the process when two in a row stay out. */
const pingEveryMs = 400
const pingTimeoutMs = 1000

/** Starts the process and its watchdog, and returns once it answers; `log` hears of every replacement. */
export const startHosting = async (options: {
  readonly dir: string
  readonly port: number
  /** The first path segment of what only our own processes may ask. */
  readonly secret: string
  /** Where the Worker learns what a site runs; empty for no sites at all. */
  readonly sitesUrl: string
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}): Promise<Hosting> => {
  const { secret } = options
  const own = `http://127.0.0.1:${options.port}/${secret}`
  const start = () =>
    startRuntime("hosting", options.dir, {
      port: options.port,
      workers: [
        {
          name: "hosting",
          source: fileURLToPath(new URL("worker.ts", import.meta.url)),
          options: {
            bindings: { SECRET: secret, SITES_URL: options.sitesUrl, PORT: String(options.port) },
            workerLoaders: { LOADER: {} }
          }
        }
      ]
    })
  const ping = async () => (await fetch(`${own}/ping`, { signal: AbortSignal.timeout(pingTimeoutMs) })).ok

  let child: Child = await start()
  try {
    await answers(child, ping, options.signal)
  } catch (cause) {
    await child.stop()
    throw cause
  }

  const stopping = new AbortController()
  let restarts = 0
  const replace = async (): Promise<boolean> => {
    await child.stop(0)
    if (stopping.signal.aborted) return true
    child = await start()
    restarts++
    return answers(child, ping, stopping.signal, 20_000).then(
      () => true,
      () => stopping.signal.aborted
    )
  }
  const watch = async (): Promise<string> => {
    for (let silent = 0; !stopping.signal.aborted;) {
      if (silent === 0) await sleep(pingEveryMs)
      silent = (await ping().catch(() => false)) ? 0 : silent + 1
      if (silent < 2 || stopping.signal.aborted) continue
      const since = Date.now()
      options.log("The hosting process does not answer (an endless loop in hosted code?): replacing it.")
      if (!(await replace()) && !(await replace()) && !(await replace()))
        return "The hosting process does not start again."
      if (!stopping.signal.aborted) options.log(`The hosting process is back after ${Date.now() - since} ms.`)
      silent = 0
    }
    return ""
  }
  const watching = watch()

  const ask = async (bundle: EncodedBundle): Promise<Verdict | undefined> => {
    try {
      const response = await fetch(`${own}/check`, {
        method: "POST",
        body: JSON.stringify(bundle),
        signal: AbortSignal.timeout(20_000)
      })
      return (await response.json()) as Verdict
    } catch {
      // Cut off, because the watchdog replaces the process: the next ping that is answered is its successor's.
      await poll(ping, 20_000)
      return undefined
    }
  }
  // One at a time, and twice if need be: when the process goes down, the bundle under check need not be the reason.
  let last: Promise<unknown> = Promise.resolve()
  const check = (bundle: EncodedBundle): Promise<Verdict> => {
    const verdict = last.then(
      async () =>
        (await ask(bundle)) ??
        (await ask(bundle)) ?? { ok: false as const, message: "Script startup exceeded CPU time limit." }
    )
    last = verdict.catch(() => {})
    return verdict
  }

  return {
    check,
    restarts: () => restarts,
    failed: watching.then((why) => (why === "" ? new Promise<string>(() => {}) : why)),
    stop: async () => {
      stopping.abort()
      await child.stop(0)
      await watching
      // The one that a replacement may have started in between.
      await child.stop(0)
    }
  }
}
