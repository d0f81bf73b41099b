import type { Values } from "../config.ts"
import { recipient } from "./chain/accounts.ts"

const named = {
  MPP_SECRET_KEY: true,
  REALM: true,
  PUBLIC_ORIGIN: true,
  CONTACT_EMAIL: true,
  TEMPO_RECIPIENT: true,
  TEMPO_NETWORK: true,
  TEMPO_RPC_URL: true,
  TEMPO_CURRENCIES: true,
  TEMPO_CURRENCY: true,
  DEPLOY_PRICE: true,
  EXECUTE_PRICE: true,
  CONTROL_PLANE_URL: true,
  CONTROL_PLANE_TOKEN: true,
  OPERATOR_TOKEN: true,
  OTEL_EXPORTER_OTLP_ENDPOINT: true,
  OTEL_EXPORTER_OTLP_HEADERS: true,
  PROJECT_ID: true,
  TTL_HOURS: true,
  MAX_DAYS: true,
  MAX_LIVE_PER_PAYER: true,
  SALES: true,
  IMPORT_HOSTS: true,
  RESOURCES: true,
  ASSET_LIMIT: true,
  NPM_PACKAGES: true,
  NPM_REGISTRY: true
} satisfies Record<keyof Values, true>

/** The names of the gateway's settings in the environment. `src/config.ts` explains them. */
export const settingNames = Object.keys(named) as ReadonlyArray<keyof Values>

/** Settings with their values, as strings. An absent one is not set. */
export type Settings = Partial<Record<keyof Values, string>>

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
  readonly keep: boolean
}

/**
 * Reads LOCAL_DIR (`.local`), GATEWAY_PORT (8787), SITES_PORT (8788) and CHAIN_PORT (8545), where 0 is any free port,
 * CHAIN_BLOCK_TIME (1, in seconds), GATEWAY_HOSTS (none; separated by commas), and LOCAL_KEEP (off; `on` goes on with the data
 * that an earlier stack left).
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
  gatewayHosts: hosts(environment["GATEWAY_HOSTS"] ?? ""),
  keep: onOrOff(environment["LOCAL_KEEP"] || "off")
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

const onOrOff = (given: string): boolean => {
  if (given !== "on" && given !== "off") throw new Error(`LOCAL_KEEP is "${given}", but must be on or off.`)
  return given === "on"
}

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
