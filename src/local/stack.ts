import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { payerPrivateKey } from "./chain/accounts.ts"
import { type Chain, startChain } from "./chain/start.ts"
import { type ControlPlane, startControlPlane } from "./control-plane/server.ts"
import { claimDirectory, releaseDirectory } from "./directory.ts"
import { type Gateway, startGateway } from "./gateway.ts"
import { type Hosting, startHosting } from "./hosting/host.ts"
import { type StackInfo, writeInfo } from "./info.ts"
import { findNetwork } from "./chain/network.ts"
import { Parts } from "./parts.ts"
import { choosePorts } from "./system/ports.ts"
import { type Environment, gatewaySettings, type Settings, settingsOf, type StackSettings } from "./settings.ts"

/** A running stack. `chain` and `controlPlane` are absent when the environment names others. */
export interface Stack {
  readonly dir: string
  readonly info: StackInfo
  readonly chain: Chain | undefined
  readonly controlPlane: ControlPlane | undefined
  readonly hosting: Hosting
  readonly gateway: Gateway
  /** Why the stack is of no use any more, once a part of it has ended by itself. */
  readonly failed: Promise<string>
  /** Ends every process of the stack; idempotent. Its directory stays, to be looked at. */
  readonly stop: () => Promise<void>
}

/** How to start a stack; whatever is left out is as `npm run stack` has it without any variable set. */
export interface StackOptions extends Partial<StackSettings> {
  /** Where the gateway's settings are looked up: `process.env`. */
  readonly environment?: Environment
  /** The gateway's configuration: the project's `wrangler.jsonc`. */
  readonly configPath?: string
  /** Whether bundles are started before they are paid for: yes, unless it says no. */
  readonly startCheck?: boolean
  /** The key of scheduled calls, as the control plane tells it of the project that the gateway then is; for tests. */
  readonly cronSecret?: string
  /** Tests replace the gateway's settings with this, to put something between it and the others. */
  readonly reroute?: (settings: Settings) => Promise<Settings>
  /** Receives a line for each step. */
  readonly log?: (line: string) => void
  /** Aborting it during the start stops what has been started, and rejects with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Starts a chain, a control plane that hosts what it is given, and the gateway between them. Several stacks run side by
 * side when their directories differ and their ports are 0, or differ too.
 *
 * @throws Error in plain words, with nothing left running: a port that is taken, a directory that is not ours, a part
 * that does not start.
 */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const { environment = process.env, configPath = projectConfig, log = () => {}, reroute = async (to) => to } = options
  const given = settingsOf(environment)
  const ports = await choosePorts({
    GATEWAY_PORT: options.gatewayPort ?? 8787,
    SITES_PORT: options.sitesPort ?? 8788,
    CHAIN_PORT: given.TEMPO_RPC_URL ? 0 : (options.chainPort ?? 8545),
    controlPlane: 0
  })
  const dir = claimDirectory(options.dir ?? ".local")
  const parts = new Parts(options.signal, log)
  const { signal } = parts
  const stop = async () => {
    await parts.stop()
    releaseDirectory(dir)
  }

  try {
    const network = await findNetwork(given)
    const { chainId } = network
    const ownControlPlane = `http://127.0.0.1:${ports.controlPlane}`
    const settings = gatewaySettings(given, {
      MPP_SECRET_KEY: randomBytes(32).toString("hex"),
      TEMPO_NETWORK: network.name,
      TEMPO_RPC_URL: `http://127.0.0.1:${ports.CHAIN_PORT}`,
      CONTROL_PLANE_URL: ownControlPlane,
      CONTROL_PLANE_TOKEN: `jkt_${randomBytes(32).toString("hex")}`
    })
    const gatewayProject = options.cronSecret && { id: "proj_gateway", cronSecret: options.cronSecret }
    if (gatewayProject) settings.PROJECT_ID = gatewayProject.id
    const sitesPath = `/sites-${randomBytes(16).toString("hex")}`
    const ownSites = given.CONTROL_PLANE_URL ? "" : ownControlPlane + sitesPath

    const startingChain = given.TEMPO_RPC_URL
      ? undefined
      : parts.start(
          () => startChain({ dir, port: ports.CHAIN_PORT, chainId, blockTime: options.blockTime ?? 1, signal }),
          ({ url }) => `chain          ${url}`
        )
    const secret = randomBytes(16).toString("hex")
    const hostingUrl = `http://127.0.0.1:${ports.SITES_PORT}/${secret}`
    const startingHosting = parts.start(
      () => startHosting({ dir, port: ports.SITES_PORT, secret, sitesUrl: ownSites, log, signal }),
      () => `hosting        http://{user}-{slug}.localhost:${ports.SITES_PORT}`
    )
    const startingControlPlane = given.CONTROL_PLANE_URL
      ? undefined
      : parts.start(
          () =>
            startControlPlane({
              dir: join(dir, "control-plane"),
              port: ports.controlPlane,
              token: settings.CONTROL_PLANE_TOKEN,
              sitesPath,
              ...(gatewayProject && { gatewayProject }),
              siteUrl: (label) => `http://${label}.localhost:${ports.SITES_PORT}`,
              check: async (bundle) => (await startingHosting).check(bundle)
            }),
          ({ url }) => `control plane  ${url}`
        )
    const startingGateway = parts.start(
      async () =>
        startGateway({
          dir,
          port: ports.GATEWAY_PORT,
          configPath,
          settings: await reroute(settings),
          hosts: options.gatewayHosts ?? [],
          hosting: options.startCheck === false ? undefined : hostingUrl,
          signal
        }),
      ({ url }) => `gateway        ${url}`
    )
    const [chain, hosting, controlPlane, gateway] = await parts.all([
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
      currency: settings.TEMPO_CURRENCY,
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

const projectConfig = fileURLToPath(new URL("../../wrangler.jsonc", import.meta.url))
