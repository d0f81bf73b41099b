import { PATH_USD } from "../domain/path-usd.ts"
import { recipient } from "./chain/accounts.ts"

/** The names of the gateway's settings in the environment. `src/config.ts` explains them. */
export const settingNames = [
  "MPP_SECRET_KEY",
  "REALM",
  "PUBLIC_ORIGIN",
  "TEMPO_RECIPIENT",
  "TEMPO_NETWORK",
  "TEMPO_RPC_URL",
  "TEMPO_CURRENCY",
  "DEPLOY_PRICE",
  "EXECUTE_PRICE",
  "CONTROL_PLANE_URL",
  "CONTROL_PLANE_TOKEN",
  "PROJECT_ID",
  "TTL_HOURS",
  "IMPORT_HOSTS",
  "RESOURCES",
  "ASSET_LIMIT",
  "NPM_PACKAGES",
  "NPM_REGISTRY"
] as const

/** Settings with their values, as strings. An absent one is not set. */
export type Settings = Partial<Record<(typeof settingNames)[number], string>>

/** An environment, `process.env` for instance. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the settings that are set in the environment. An empty one counts as set. */
export const settingsOf = (environment: Environment): Settings =>
  Object.fromEntries(
    settingNames.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]))
  )

/**
 * Returns the settings that the gateway starts with: the stack's own servers and defaults, or the values of the environment.
 */
export const gatewaySettings = (
  given: Settings,
  own: Required<
    Pick<Settings, "TEMPO_NETWORK" | "TEMPO_RPC_URL" | "CONTROL_PLANE_URL" | "CONTROL_PLANE_TOKEN" | "MPP_SECRET_KEY">
  >
) => ({
  TEMPO_RECIPIENT: recipient as string,
  TEMPO_CURRENCY: PATH_USD as string,
  ...own,
  ...given,
  // An empty value names no server, so the stack starts its own.
  TEMPO_RPC_URL: given.TEMPO_RPC_URL || own.TEMPO_RPC_URL,
  CONTROL_PLANE_URL: given.CONTROL_PLANE_URL || own.CONTROL_PLANE_URL
})

/** The settings of the stack, as opposed to the gateway's. */
export interface StackSettings {
  readonly dir: string
  readonly gatewayPort: number
  readonly sitesPort: number
  readonly chainPort: number
  readonly blockTime: number
  /** Host names that the gateway answers to beside this machine's own, with one port or for any port. */
  readonly gatewayHosts: ReadonlyArray<string>
}

/**
 * Reads LOCAL_DIR (`.local`), GATEWAY_PORT (8787), SITES_PORT (8788) and CHAIN_PORT (8545), where 0 is any free port,
 * CHAIN_BLOCK_TIME (1, in seconds), and GATEWAY_HOSTS (none; separated by commas).
 *
 * @throws Error that names the variable with an invalid value.
 */
export const stackSettingsOf = (environment: Environment): StackSettings => ({
  dir: environment["LOCAL_DIR"] || ".local",
  gatewayPort: number(environment, "GATEWAY_PORT", 8787, "a port from 0 to 65535", isPort),
  sitesPort: number(environment, "SITES_PORT", 8788, "a port from 0 to 65535", isPort),
  chainPort: number(environment, "CHAIN_PORT", 8545, "a port from 0 to 65535", isPort),
  blockTime: number(
    environment,
    "CHAIN_BLOCK_TIME",
    1,
    "a number of seconds from 0.1 to 60",
    (n) => n >= 0.1 && n <= 60
  ),
  gatewayHosts: hosts(environment["GATEWAY_HOSTS"] ?? "")
})

const hosts = (given: string): ReadonlyArray<string> =>
  given
    .toLowerCase()
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "")
    .map((host) => {
      if (/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?$/.test(host)) return host
      throw new Error(`GATEWAY_HOSTS contains "${host}", but must list host names, for example my-tunnel.example.com.`)
    })

const isPort = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= 65535

const number = (
  environment: Environment,
  name: string,
  fallback: number,
  what: string,
  accepts: (n: number) => boolean
): number => {
  const given = environment[name]
  if (given === undefined || given === "") return fallback
  if (!accepts(Number(given))) throw new Error(`${name} is "${given}", but must be ${what}.`)
  return Number(given)
}
