import { rmSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"
import { type Child, flags, spawnGroup } from "./process.ts"

/** One `wrangler dev` on a generated configuration. */
export interface WranglerOptions {
  /** What people call it, and the name of its log file. */
  readonly name: string
  /** The stack's directory: everything that wrangler writes goes below it. */
  readonly dir: string
  readonly configPath: string
  /** The Worker's name in that configuration. */
  readonly worker: string
  readonly port: number
  readonly logLevel: "log" | "warn"
}

/** Starts `wrangler dev` on 127.0.0.1; `answers` waits for it. */
export const wranglerDev = (options: WranglerOptions): Promise<Child> => {
  // A killed process leaves its entry in the registry, for which its successor would wait more than a minute.
  rmSync(join(options.dir, "registry", options.worker), { force: true })
  return spawnGroup({
    name: options.name,
    command: process.execPath,
    args: [
      join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js"),
      "dev",
      ...flags({
        config: options.configPath,
        "persist-to": join(dirname(options.configPath), "state"),
        ip: "127.0.0.1",
        port: options.port,
        "inspector-port": 0,
        "log-level": options.logLevel,
        "show-interactive-dev-session": "false"
      })
    ],
    cwd: dirname(options.configPath),
    env: environment(options.dir),
    log: join(options.dir, "logs", `${options.name}.log`)
  })
}

/**
 * What wrangler sees of the environment: neither an account's credentials nor anything else that would make it reach
 * out, and a home below the stack's directory, where its caches and its registry of running Workers then are.
 */
export const environment = (dir: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(["LANG", "LC_ALL", "TZ", "SHELL", "USER"].map((name) => [name, process.env[name]])),
  PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
  HOME: join(dir, "home"),
  TMPDIR: join(dir, "tmp"),
  NO_COLOR: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_LOG_PATH: join(dir, "logs"),
  WRANGLER_CACHE_DIR: join(dir, "home"),
  WRANGLER_REGISTRY_PATH: join(dir, "registry"),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false"
})
