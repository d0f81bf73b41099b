import { homedir } from "node:os"
import { delimiter, dirname, join } from "node:path"

/** Whom the runtime trusts beside the system's own, and how npm finds its registry: matters of the machine. */
const MACHINE = ["NODE_EXTRA_CA_CERTS", "npm_config_registry"]

/**
 * Wrangler's environment: no credentials of an account, no other variable that makes it call out, and a home in the stack's
 * directory for its caches. npm finds its user's settings all the same.
 */
export const wranglerEnvironment = (dir: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(["LANG", "LC_ALL", "TZ", "SHELL", "USER", ...MACHINE].map((name) => [name, process.env[name]])),
  PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
  HOME: join(dir, "home"),
  npm_config_userconfig: process.env["npm_config_userconfig"] ?? join(homedir(), ".npmrc"),
  TMPDIR: join(dir, "tmp"),
  NO_COLOR: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_LOG_PATH: join(dir, "logs"),
  WRANGLER_CACHE_DIR: join(dir, "home"),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "false",
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false"
})
