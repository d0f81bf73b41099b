import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { type Child, spawnGroup } from "../system/process.ts"
import { wranglerEnvironment } from "../system/wrangler.ts"
import { waitUntilReady, withLogTail } from "../ready.ts"
import { poll } from "../system/poll.ts"
import type { StartResult } from "./bundle.ts"
import type { EncodedVersion } from "./encoding.ts"
import type { Commands, News } from "./process/commands.ts"
import { type HostingPlan, RESTARTS_FILE } from "./process/plan.ts"
import { needsRuntime, type QueryResult, type SiteData, type SiteSpec } from "./spec.ts"

/** Work of the host for the control plane. */
export interface SiteHost {
  /** Starts a version as it would run and answers whether it serves. Code that freezes its process does not start. */
  readonly check: (version: SiteSpec, data: SiteData) => Promise<StartResult>
  /** Runs SQL on a database. */
  readonly query: (
    data: SiteData,
    database: string,
    sql: string,
    params?: ReadonlyArray<unknown>
  ) => Promise<QueryResult | null>
  /** Whether a bucket has no object. */
  readonly isEmpty: (data: SiteData, bucket: string) => Promise<boolean>
  /** Ends a project's process, and deletes its data on request. */
  readonly remove: (project: string, options: { readonly data: boolean }) => Promise<void>
}

/** The process that hosts the sites. */
export interface Hosting extends SiteHost {
  /** The number of runtimes that watchdogs have ended or replaced. */
  readonly restarts: () => number
  /** Resolves with the reason when the process ends by itself. */
  readonly failed: Promise<string>
  readonly stop: () => Promise<void>
}

/** Starts the process, and returns once it answers. It logs each runtime that a watchdog ends. */
export const startHosting = async (options: {
  readonly dir: string
  readonly port: number
  /** The first path segment of calls that only the stack's own processes make. */
  readonly secret: string
  /** The URL where the versions of sites are read; empty for no sites. */
  readonly sitesUrl: string
  readonly idleMs: number
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}): Promise<Hosting> => {
  const own = `http://127.0.0.1:${options.port}/${options.secret}`
  const folder = join(options.dir, "hosting")
  const child = await startProcess(options.dir, folder, {
    port: options.port,
    secret: options.secret,
    sitesUrl: options.sitesUrl,
    dir: join(options.dir, "sites"),
    idleMs: options.idleMs
  })
  const ping = async () => (await fetch(`${own}/ping`, { signal: AbortSignal.timeout(1000) })).ok
  try {
    await waitUntilReady(child, ping, options.signal)
  } catch (cause) {
    await child.stop()
    throw cause
  }

  const command = async <Name extends keyof Commands>(name: Name, input: Commands[Name]): Promise<unknown> => {
    const response = await fetch(`${own}/host/${name}`, { method: "POST", body: JSON.stringify(input) })
    const answer: unknown = await response.json()
    if (response.ok) return answer
    throw new Error((answer as { readonly message: string }).message)
  }
  const stopping = new AbortController()
  const report = async (): Promise<void> => {
    for (let since = 0; !stopping.signal.aborted; await sleep(500, undefined, stopping).catch(() => {})) {
      const { lines } = (await command("news", { since }).catch(() => ({ lines: [] }))) as News
      since += lines.length
      for (const line of lines) options.log(line)
    }
  }
  const reporting = report()

  return {
    check: checkInTurn(own, ping, (version, data) => command("check", { version, data }) as Promise<StartResult>),
    query: (data, database, sql, params) =>
      command("query", { data, database, sql, ...(params && { params: [...params] }) }) as Promise<QueryResult | null>,
    isEmpty: async (data, bucket) =>
      ((await command("empty", { data, bucket })) as { readonly isEmpty: boolean }).isEmpty,
    remove: async (project, { data }) => void (await command("remove", { project, data })),
    restarts: () =>
      existsSync(join(folder, RESTARTS_FILE)) ? Number(readFileSync(join(folder, RESTARTS_FILE), "utf8")) : 0,
    failed: child.crashed.then((how) => withLogTail(how, child)),
    stop: async () => {
      stopping.abort()
      await child.stop(0)
      await reporting
    }
  }
}

const startProcess = (dir: string, folder: string, plan: HostingPlan): Promise<Child> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  rmSync(join(folder, RESTARTS_FILE), { force: true })
  // Readable by its owner only, because it holds a secret.
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan), { mode: 0o600 })
  return spawnGroup({
    name: "hosting",
    command: process.execPath,
    args: [fileURLToPath(new URL("process/main.ts", import.meta.url)), "plan.json"],
    cwd: folder,
    env: wranglerEnvironment(dir),
    log: join(dir, "logs", "hosting.log")
  })
}

/** One check at a time, with one retry: another bundle may be the reason that the runtime went down. */
const checkInTurn = (
  own: string,
  ping: () => Promise<boolean>,
  checkOwn: (version: SiteSpec, data: SiteData) => Promise<StartResult>
): SiteHost["check"] => {
  const checkOnce = async (version: SiteSpec): Promise<StartResult | undefined> => {
    const { mainModule, modules, compatibilityDate, compatibilityFlags, env } = version
    const bundle: EncodedVersion = { mainModule, modules, compatibilityDate, compatibilityFlags, env }
    try {
      const response = await fetch(`${own}/check`, {
        method: "POST",
        body: JSON.stringify(bundle),
        signal: AbortSignal.timeout(20_000)
      })
      return (await response.json()) as StartResult
    } catch {
      // The watchdog replaces the runtime. The next answered ping is from its successor.
      await poll(ping, 20_000)
      return undefined
    }
  }
  // One check runs at a time, with one retry, because another bundle may be the reason that the process went down.
  let last: Promise<unknown> = Promise.resolve()
  return (version, data) => {
    const result = last.then(async () => {
      if (needsRuntime(version)) return checkOwn(version, data)
      const tooLong = { ok: false as const, message: "Script startup exceeded CPU time limit." }
      return (await checkOnce(version)) ?? (await checkOnce(version)) ?? tooLong
    })
    last = result.catch(() => {})
    return result
  }
}
