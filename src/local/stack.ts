import { randomBytes } from "node:crypto"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { type NetworkName, parseCurrencies, PATH_USD } from "../domain/currencies.ts"
import { payerPrivateKey } from "./chain/accounts.ts"
import { type Chain, startChain } from "./chain/start.ts"
import { type ControlPlane, startControlPlane } from "./control-plane/server.ts"
import { lockDirectory, releaseDirectory } from "./directory.ts"
import { type Gateway, startGateway } from "./gateway.ts"
import { type Hosting, startHosting } from "./hosting/host.ts"
import { type StackInfo, writeInfo } from "./info.ts"
import { readKept, writeKept } from "./kept.ts"
import { findNetwork } from "./chain/network.ts"
import { Components } from "./Components.ts"
import type { V8Options } from "./runtime/plan.ts"
import { choosePorts } from "./system/ports.ts"
import { type Environment, gatewaySettings, type Settings, settingsOf, type StackSettings } from "./settings.ts"

/** A running stack. `chain` and `controlPlane` are undefined when the environment names others. */
export interface Stack {
  readonly dir: string
  readonly info: StackInfo
  readonly chain: Chain | undefined
  readonly controlPlane: ControlPlane | undefined
  readonly hosting: Hosting
  readonly gateway: Gateway
  /** Resolves with the reason when a component ends by itself. */
  readonly failed: Promise<string>
  /** Ends every process of the stack; idempotent. The directory stays, so that people can inspect it. */
  readonly stop: () => Promise<void>
}

/** Options of a stack. The defaults are those of `npm run stack` without variables. */
export interface StackOptions extends Partial<StackSettings> {
  /** The source of the gateway's settings; default `process.env`. */
  readonly environment?: Environment
  /** The gateway's configuration file; default the project's `wrangler.jsonc`. */
  readonly configPath?: string
  /** Whether the gateway starts bundles before they are paid for; default true. */
  readonly startCheck?: boolean
  /** Whether the stack goes on with the data that an earlier one left in its directory; default false: it starts afresh. */
  readonly keep?: boolean
  /** A site's own process ends after this long without a request; default 5 minutes. */
  readonly siteIdleMs?: number
  /** For tests: the key of scheduled calls. The control plane then knows the gateway as a project with this key. */
  readonly cronSecret?: string
  /** For tests: how the gateway's process runs V8. */
  readonly v8?: V8Options
  /** For tests: changes the gateway's settings, to put a proxy between it and the other servers. */
  readonly reroute?: (settings: Settings) => Promise<Settings>
  /** Receives a line for each step. */
  readonly log?: (line: string) => void
  /** Aborts the start: stops the components that have started, and rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Starts a chain, a control plane with its hosting, and the gateway. Several stacks run side by side if their directories
 * differ, and their ports differ or are 0.
 *
 * @throws Error if a port is taken, the directory holds other files, or a component does not start. Nothing is left running
 * then.
 */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const { environment = process.env, configPath = projectConfig, log = () => {}, reroute = async (to) => to } = options
  const given = settingsOf(environment)
  const kept = options.keep === true ? readKept(resolve(options.dir ?? ".local")) : undefined
  const ports = await choosePorts({
    GATEWAY_PORT: (options.gatewayPort ?? 8787) || (kept?.ports["GATEWAY_PORT"] ?? 0),
    SITES_PORT: (options.sitesPort ?? 8788) || (kept?.ports["SITES_PORT"] ?? 0),
    CHAIN_PORT: given.TEMPO_RPC_URL ? 0 : (options.chainPort ?? 8545) || (kept?.ports["CHAIN_PORT"] ?? 0),
    controlPlane: kept?.ports["controlPlane"] ?? 0
  })
  const dir = lockDirectory(options.dir ?? ".local", { keep: kept !== undefined })
  const components = new Components(options.signal, log)
  const { signal } = components
  const stop = async () => {
    await components.stop()
    releaseDirectory(dir)
  }

  try {
    const network = await findNetwork(given)
    const { chainId } = network
    const ownControlPlane = `http://127.0.0.1:${ports.controlPlane}`
    const settings = gatewaySettings(given, {
      MPP_SECRET_KEY: kept?.MPP_SECRET_KEY ?? randomBytes(32).toString("hex"),
      TEMPO_NETWORK: network.name,
      TEMPO_RPC_URL: `http://127.0.0.1:${ports.CHAIN_PORT}`,
      CONTROL_PLANE_URL: ownControlPlane,
      CONTROL_PLANE_TOKEN: kept?.CONTROL_PLANE_TOKEN ?? `jkt_${randomBytes(32).toString("hex")}`
    })
    writeKept(dir, {
      ports,
      MPP_SECRET_KEY: settings.MPP_SECRET_KEY,
      CONTROL_PLANE_TOKEN: settings.CONTROL_PLANE_TOKEN
    })
    const gatewayProject = options.cronSecret && { id: "proj_gateway", cronSecret: options.cronSecret }
    if (gatewayProject) settings.PROJECT_ID = gatewayProject.id
    const sitesPath = `/sites-${randomBytes(16).toString("hex")}`
    const ownSites = given.CONTROL_PLANE_URL ? "" : ownControlPlane + sitesPath

    const startingChain = given.TEMPO_RPC_URL
      ? undefined
      : components.start(
          () => startChain({ dir, port: ports.CHAIN_PORT, chainId, blockTime: options.blockTime ?? 1, signal }),
          ({ url }) => `chain          ${url}`
        )
    const secret = randomBytes(16).toString("hex")
    const hostingUrl = `http://127.0.0.1:${ports.SITES_PORT}/${secret}`
    const startingHosting = components.start(
      () =>
        startHosting({
          dir,
          port: ports.SITES_PORT,
          secret,
          sitesUrl: ownSites,
          idleMs: options.siteIdleMs ?? 300_000,
          log,
          signal
        }),
      () => `hosting        http://{user}-{slug}.localhost:${ports.SITES_PORT}`
    )
    const startingControlPlane = given.CONTROL_PLANE_URL
      ? undefined
      : components.start(
          () =>
            startControlPlane({
              dir: join(dir, "control-plane"),
              port: ports.controlPlane,
              token: settings.CONTROL_PLANE_TOKEN,
              sitesPath,
              ...(gatewayProject && { gatewayProject }),
              siteUrl: (label) => `http://${label}.localhost:${ports.SITES_PORT}`,
              host: {
                check: async (...call) => (await startingHosting).check(...call),
                query: async (...call) => (await startingHosting).query(...call),
                isEmpty: async (...call) => (await startingHosting).isEmpty(...call),
                remove: async (...call) => (await startingHosting).remove(...call)
              }
            }),
          ({ url }) => `control plane  ${url}`
        )
    const startingGateway = components.start(
      async () =>
        startGateway({
          dir,
          port: ports.GATEWAY_PORT,
          configPath,
          settings: await reroute(settings),
          hosts: options.gatewayHosts ?? [],
          sites: { PORT: String(ports.SITES_PORT), SECRET: secret },
          hosting: options.startCheck === false ? undefined : hostingUrl,
          v8: options.v8,
          signal
        }),
      ({ url }) => `gateway        ${url}`
    )
    const [chain, hosting, controlPlane, gateway] = await components.all([
      startingChain,
      startingHosting,
      startingControlPlane,
      startingGateway
    ])

    const info: StackInfo = {
      gateway: gateway.url,
      sites: `http://localhost:${ports.SITES_PORT}`,
      rpc: settings.TEMPO_RPC_URL,
      chainId,
      currency: firstCurrency(given, network.name),
      recipient: settings.TEMPO_RECIPIENT,
      payerPrivateKey,
      controlPlane: settings.CONTROL_PLANE_URL,
      controlPlaneToken: settings.CONTROL_PLANE_TOKEN
    }
    writeInfo(dir, info)
    const failures = [hosting.failed, gateway.failed, ...(chain === undefined ? [] : [chain.failed])]
    return { dir, info, chain, controlPlane, hosting, gateway, failed: Promise.race(failures), stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** The address of the token that clients pay in by default. The gateway itself reports a malformed list. */
const firstCurrency = ({ TEMPO_CURRENCIES, TEMPO_CURRENCY }: Settings, network: string): string =>
  parseCurrencies(TEMPO_CURRENCIES ?? TEMPO_CURRENCY, network as NetworkName)?.[0]?.address ?? PATH_USD

const projectConfig = fileURLToPath(new URL("../../wrangler.jsonc", import.meta.url))
