import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Child } from "../system/process.ts"
import { waitUntilReady } from "../ready.ts"
import { poll } from "../system/poll.ts"
import { startRuntime } from "../runtime/start.ts"
import type { StartResult } from "./bundle.ts"
import type { EncodedBundle } from "./encoding.ts"

/** The process that runs hosted code, and its watchdog. */
export interface Hosting {
  /** Starts a bundle there and answers whether it serves. Code that freezes the process counts as code that does not start. */
  readonly check: (bundle: EncodedBundle) => Promise<StartResult>
  /** The number of times that the watchdog has replaced the process. */
  readonly restarts: () => number
  /** Resolves with the reason when several replacements in a row do not start. */
  readonly failed: Promise<string>
  readonly stop: () => Promise<void>
}

/** The watchdog pings this often and waits this long for an answer. It replaces the process after two missing answers in a row. */
const PING_EVERY_MS = 400
const PING_TIMEOUT_MS = 1000

/** Starts the process and its watchdog, and returns once the process answers. It logs every replacement. */
export const startHosting = async (options: {
  readonly dir: string
  readonly port: number
  /** The first path segment of calls that only the stack's own processes make. */
  readonly secret: string
  /** The URL where the Worker reads the version of a site; empty for no sites. */
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
  const ping = async () => (await fetch(`${own}/ping`, { signal: AbortSignal.timeout(PING_TIMEOUT_MS) })).ok

  let child: Child = await start()
  try {
    await waitUntilReady(child, ping, options.signal)
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
    return waitUntilReady(child, ping, stopping.signal, 20_000).then(
      () => true,
      () => stopping.signal.aborted
    )
  }
  const watch = async (): Promise<string> => {
    for (let silent = 0; !stopping.signal.aborted;) {
      if (silent === 0) await sleep(PING_EVERY_MS)
      silent = (await ping().catch(() => false)) ? 0 : silent + 1
      if (silent < 2 || stopping.signal.aborted) continue
      const since = Date.now()
      options.log(
        "The hosting process does not answer, perhaps because of an endless loop in hosted code. It is replaced."
      )
      if (!(await replace()) && !(await replace()) && !(await replace()))
        return "The hosting process does not start again."
      if (!stopping.signal.aborted) options.log(`The hosting process is back after ${Date.now() - since} ms.`)
      silent = 0
    }
    return ""
  }
  const watching = watch()

  const checkOnce = async (bundle: EncodedBundle): Promise<StartResult | undefined> => {
    try {
      const response = await fetch(`${own}/check`, {
        method: "POST",
        body: JSON.stringify(bundle),
        signal: AbortSignal.timeout(20_000)
      })
      return (await response.json()) as StartResult
    } catch {
      // The watchdog replaces the process. The next answered ping is from its successor.
      await poll(ping, 20_000)
      return undefined
    }
  }
  // One check runs at a time, with one retry, because another bundle may be the reason that the process went down.
  let last: Promise<unknown> = Promise.resolve()
  const check = (bundle: EncodedBundle): Promise<StartResult> => {
    const result = last.then(
      async () =>
        (await checkOnce(bundle)) ??
        (await checkOnce(bundle)) ?? { ok: false as const, message: "Script startup exceeded CPU time limit." }
    )
    last = result.catch(() => {})
    return result
  }

  return {
    check,
    restarts: () => restarts,
    failed: watching.then((why) => (why === "" ? new Promise<string>(() => {}) : why)),
    stop: async () => {
      stopping.abort()
      await child.stop(0)
      await watching
      // A replacement may have started another process in between.
      await child.stop(0)
    }
  }
}
