import { randomBytes } from "node:crypto"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { ownHosts } from "./system/hosts.ts"
import { withoutComments } from "../bundler/project/jsonc.ts"
import type { Child } from "./system/process.ts"
import { waitUntilReady, withLogTail } from "./ready.ts"
import type { Plan, V8Options } from "./runtime/plan.ts"
import { startRuntime } from "./runtime/start.ts"
import type { FrontEnv } from "./hosting/via-front.ts"
import type { Settings } from "./settings.ts"

/** The gateway, built as it is deployed, in a process of its own. */
export interface Gateway {
  readonly url: string
  /** Resolves with the reason when the gateway ends by itself. */
  readonly failed: Promise<string>
  /** Ends the gateway. 0 kills it at once, like a crash. Its stored data stays on disk. */
  readonly stop: (graceMs?: number) => Promise<void>
  /** Starts it again after `stop`, on the same port and with its stored data. */
  readonly start: () => Promise<void>
  /** Runs the scheduled work (`triggers.crons`), and resolves when it is done. */
  readonly scheduled: () => Promise<void>
}

/** Starts the gateway and returns once `GET /health` answers JSON. */
export const startGateway = async (options: {
  readonly dir: string
  readonly port: number
  /** The project's `wrangler.jsonc`. */
  readonly configPath: string
  readonly settings: Settings
  /** Host names that it answers to beside this machine's own, for example the name of a tunnel. */
  readonly hosts: ReadonlyArray<string>
  /** The port of the sites, and the secret that opens it. The gateway reaches sites by it, because few systems resolve their names. */
  readonly sites: FrontEnv
  /** The URL of the process that starts bundles before they are paid for. Without it the gateway has no start check. */
  readonly hosting: string | undefined
  readonly v8: V8Options | undefined
  readonly signal: AbortSignal
}): Promise<Gateway> => {
  const secret = randomBytes(16).toString("hex")
  const plan = makePlan(options, secret)
  const url = `http://127.0.0.1:${options.port}`
  let fail: (why: string) => void
  const failed = new Promise<string>((resolve) => (fail = resolve))
  const start = async (): Promise<Child> => {
    const child = await startRuntime("gateway", options.dir, plan)
    try {
      await waitUntilReady(child, () => healthy(url), options.signal, 120_000)
      void child.crashed.then((how) => fail(withLogTail(how, child)))
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
    },
    scheduled: async () => {
      const response = await fetch(`${url}/${secret}/scheduled`)
      const { outcome } = (await response.json()) as { readonly outcome: string }
      if (outcome !== "ok") throw new Error(`the scheduled run ends with ${outcome}`)
    }
  }
}

const healthy = async (url: string): Promise<boolean> => {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) })
  await response.json()
  return true
}

/**
 * Plans four Workers: the host filter, the project's own behind it, the way out of that one, which finds the sites, and the
 * runner, which passes start checks to the hosting process.
 */
const makePlan = (options: Parameters<typeof startGateway>[0], secret: string): Plan => {
  const folder = join(options.dir, "gateway")
  const config = localConfig(options.configPath, options.hosting !== undefined)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // The data of an earlier stack may stay, but its code is old.
  rmSync(join(folder, "built"), { recursive: true, force: true })
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config, null, 2), { mode: 0o600 })
  const { hosting, v8 } = options
  const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  return {
    port: options.port,
    state: join(folder, "state", "v3"),
    ...(v8 !== undefined && { v8 }),
    workers: [
      {
        name: "host-filter",
        source: source("host-filter/worker.ts"),
        options: {
          // This flag adds `scheduled` to a service binding.
          compatibilityFlags: ["service_binding_extra_handlers"],
          bindings: { SECRET: secret, HOSTS: [...ownHosts(options.port), ...options.hosts] },
          serviceBindings: { GATEWAY: { name: config.name } }
        }
      },
      {
        name: "outbound",
        source: source("hosting/gateway-outbound.ts"),
        options: { bindings: { ...options.sites } }
      },
      ...(hosting === undefined
        ? []
        : [{ name: "runner", source: source("hosting/client.ts"), options: { bindings: { HOSTING: hosting } } }])
    ],
    project: {
      name: config.name,
      config: join(folder, "wrangler.json"),
      out: join(folder, "built"),
      watch: dirname(config.main),
      variables: options.settings as Readonly<Record<string, string>>,
      outbound: "outbound",
      services: hosting === undefined ? {} : { RUNNER: { name: "runner", entrypoint: "Runner" } }
    }
  }
}

type WranglerConfig = Readonly<Record<string, unknown>> & {
  readonly name: string
  readonly main?: string
  readonly alias?: Readonly<Record<string, string>>
  readonly build?: { readonly command?: string; readonly cwd?: string; readonly watch_dir?: string }
  readonly kv_namespaces?: ReadonlyArray<{ readonly binding: string; readonly id?: string }>
}

/**
 * The project's configuration for the local gateway. Its Worker Loader only builds with packages: hosted code runs in the hosting
 * process and must not freeze the gateway. Without that process there is no loader, because it would run hosted code. It has no rate limits, because all local clients have one address and would count as
 * one. It gives each KV namespace an id and makes paths absolute. It contains no settings, because wrangler prints the first
 * characters of each variable.
 */
const localConfig = (path: string, loader: boolean): WranglerConfig & { readonly main: string } => {
  const root = dirname(resolve(path))
  const {
    $schema: _,
    ratelimits: __,
    worker_loaders,
    ...config
  } = JSON.parse(withoutComments(readFileSync(path, "utf8"))) as WranglerConfig
  const alias = Object.entries(config.alias ?? {}).map(([from, to]) => [
    from,
    /^\.\.?\//.test(to) ? join(root, to) : to
  ])
  return {
    ...config,
    ...(loader && worker_loaders !== undefined && { worker_loaders }),
    main: resolve(root, config.main ?? "src/worker.ts"),
    alias: Object.fromEntries(alias) as Record<string, string>,
    ...(config.build?.command === undefined ? {} : { build: { cwd: root, ...absolutePaths(root, config.build) } }),
    kv_namespaces: (config.kv_namespaces ?? []).map((namespace) => ({
      id: namespace.binding.toLowerCase(),
      ...namespace
    }))
  }
}

const absolutePaths = (
  root: string,
  build: NonNullable<WranglerConfig["build"]>
): NonNullable<WranglerConfig["build"]> => ({
  ...build,
  ...(build.cwd === undefined ? {} : { cwd: resolve(root, build.cwd) }),
  ...(build.watch_dir === undefined ? {} : { watch_dir: resolve(root, build.watch_dir) })
})
