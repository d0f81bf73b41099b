import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { hostingName } from "./hosting/host.ts"
import { parseJsonc } from "./jsonc.ts"
import type { Child } from "./process.ts"
import { answers, withLog } from "./ready.ts"
import type { Settings } from "./settings.ts"
import { wranglerDev } from "./wrangler.ts"

/** The gateway in `wrangler dev`. */
export interface Gateway {
  readonly url: string
  /** Why the gateway is down, once it is by itself. */
  readonly failed: Promise<string>
  /** Ends it; 0 kills it at once, as a crash would. What it has stored stays on disk. */
  readonly stop: (graceMs?: number) => Promise<void>
  /** Brings it back after `stop`, on the same port and with what it has stored. */
  readonly start: () => Promise<void>
}

/** Starts the gateway and returns once `GET /health` answers JSON. */
export const startGateway = async (options: {
  readonly dir: string
  readonly port: number
  /** The project's `wrangler.jsonc`. */
  readonly configPath: string
  readonly settings: Settings
  /** Whether bundles are started before they are paid for; without it, as on a platform that has no Worker Loader. */
  readonly startCheck: boolean
  readonly signal: AbortSignal
}): Promise<Gateway> => {
  const configPath = join(options.dir, "gateway", "wrangler.json")
  const config = localConfig(options.configPath, options.settings, options.startCheck)
  mkdirSync(dirname(configPath))
  writeFileSync(configPath, JSON.stringify(config, null, 2), { mode: 0o600 })
  const url = `http://127.0.0.1:${options.port}`
  let fail: (why: string) => void
  const failed = new Promise<string>((resolve) => (fail = resolve))
  const start = async (): Promise<Child> => {
    const child = await wranglerDev({
      name: "gateway",
      dir: options.dir,
      configPath,
      worker: config.name,
      port: options.port,
      logLevel: "log"
    })
    try {
      await answers(child, () => healthy(url), options.signal, 120_000)
      void child.crashed.then((how) => fail(withLog(how, child)))
      return child
    } catch (cause) {
      await child.stop()
      throw cause
    }
  }
  let child: Child | undefined = await start()
  return {
    url,
    failed,
    stop: async (graceMs) => {
      const running = child
      child = undefined
      await running?.stop(graceMs)
    },
    start: async () => {
      child ??= await start()
    }
  }
}

const healthy = async (url: string): Promise<boolean> => {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })
  await response.json()
  return true
}

type Config = Readonly<Record<string, unknown>> & {
  readonly name: string
  readonly main?: string
  readonly alias?: Readonly<Record<string, string>>
  readonly build?: { readonly command?: string; readonly cwd?: string; readonly watch_dir?: string }
  readonly kv_namespaces?: ReadonlyArray<{ readonly binding: string; readonly id?: string }>
  readonly services?: ReadonlyArray<unknown>
  readonly vars?: Readonly<Record<string, unknown>>
}

/**
 * The project's configuration as the local gateway runs it: settings as variables, the hosting process in the Worker
 * Loader's place (hosted code is never to freeze the gateway), an id for each KV namespace that has none, and paths
 * that do not depend on where the file is.
 */
const localConfig = (path: string, settings: Settings, startCheck: boolean): Config => {
  const root = dirname(resolve(path))
  const { $schema: _, worker_loaders: __, ...config } = parseJsonc(readFileSync(path, "utf8")) as Config
  const alias = Object.entries(config.alias ?? {}).map(([from, to]) => [
    from,
    /^\.\.?\//.test(to) ? join(root, to) : to
  ])
  return {
    ...config,
    main: resolve(root, config.main ?? "src/worker.ts"),
    alias: Object.fromEntries(alias) as Record<string, string>,
    // Without a folder of its own to watch, the command would run again on its own output below `src`.
    ...(config.build?.command === undefined
      ? {}
      : { build: { cwd: root, watch_dir: join(root, "src/bundler/build"), ...absolute(root, config.build) } }),
    kv_namespaces: (config.kv_namespaces ?? []).map((namespace) => ({
      id: namespace.binding.toLowerCase(),
      ...namespace
    })),
    services: [
      ...(config.services ?? []),
      ...(startCheck ? [{ binding: "RUNNER", service: hostingName, entrypoint: "Runner" }] : [])
    ],
    vars: { ...config.vars, ...settings }
  }
}

const absolute = (root: string, build: NonNullable<Config["build"]>): NonNullable<Config["build"]> => ({
  ...build,
  ...(build.cwd === undefined ? {} : { cwd: resolve(root, build.cwd) }),
  ...(build.watch_dir === undefined ? {} : { watch_dir: resolve(root, build.watch_dir) })
})
