import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { resolveLocalhost } from "../../src/local/system/localhost.ts"
import type { Settings } from "../../src/local/settings.ts"
import { type Stack, startStack } from "../../src/local/stack.ts"
import { startCollector, type TestCollector } from "../support/otlp/collector.ts"
import { openTestChain } from "./test-chain.ts"
import { type Bare, buildBare, startBare } from "./gateways/bare.ts"
import type { Harness } from "./fault.ts"
import { startProxy, type Proxy } from "./proxy.ts"

/** The harness and what it consists of. */
export interface WholeHarness extends Harness {
  readonly stack: Stack
  /** The folder of the stack's directory. Other gateways keep their data and their code in it. */
  readonly root: string
  readonly settings: Settings
  /** Gets the telemetry of the stack's gateway, and of no other. */
  readonly collector: TestCollector
  readonly stop: () => Promise<void>
}

/** The second token of the stack. */
const ALPHA_USD = "0x20c0000000000000000000000000000000000001"

/**
 * The stack, with a proxy on each of its three connections, and the built Worker beside it. Its agents pay in the first token
 * that it offers, or in the `second`.
 */
export const startHarness = async (log: (line: string) => void, token: "first" | "second"): Promise<WholeHarness> => {
  resolveLocalhost()
  const dir = mkdtempSync(join(tmpdir(), "mpp-compute-fault-injection-"))
  const proxies: Array<Proxy> = []
  const proxyTo = async (upstream: string) => {
    const proxy = await startProxy(upstream)
    proxies.push(proxy)
    return proxy
  }
  const collector = await startCollector("points")
  let settings: Settings = {}
  let rpc: Proxy | undefined
  let host: Proxy | undefined
  const stack = await startStack({
    dir: join(dir, "local"),
    gatewayPort: 0,
    sitesPort: 0,
    chainPort: 0,
    blockTime: 0.2,
    // All rows share one payer.
    environment: {
      MAX_LIVE_PER_PAYER: "100000",
      ...(token === "second" && { TEMPO_CURRENCIES: "pathUSD,AlphaUSD" })
    },
    log,
    reroute: async (own) => {
      rpc = await proxyTo(own.TEMPO_RPC_URL ?? "")
      host = await proxyTo(own.CONTROL_PLANE_URL ?? "")
      settings = { ...own, TEMPO_RPC_URL: rpc.url, CONTROL_PLANE_URL: host.url }
      return { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
    }
  })
  if (rpc === undefined || host === undefined) throw new Error("the gateway was not rerouted")
  const info = token === "second" ? { ...stack.info, currency: ALPHA_USD } : stack.info
  const front = await proxyTo(info.gateway)

  const slugs = new Map<string, string>()
  host.watchers.add(({ status, body }) => {
    if (status > 299) return
    const { project } = JSON.parse(body.toString()) as { project?: { id: string; slug: string } }
    if (project !== undefined) slugs.set(project.id, project.slug)
  })

  let built: Promise<string> | undefined
  const bares = new Map<string, Promise<Bare>>()
  const bare: Harness["bare"] = (name = "bare", own = {}) => {
    built ??= buildBare(dir, "built")
    const started =
      bares.get(name) ?? built.then((out) => startBare({ dir, out, name, settings: { ...settings, ...own } }))
    bares.set(name, started)
    return started
  }
  return {
    stack,
    root: dir,
    info,
    dir: stack.dir,
    restarts: stack.hosting.restarts,
    settings,
    collector,
    chain: openTestChain(info),
    rpc,
    host,
    front,
    slugOf: (id) => slugs.get(id),
    controlPlane: (method, path, body) =>
      fetch(`${info.controlPlane}/v1/${path}`, {
        method,
        headers: { authorization: `Bearer ${info.controlPlaneToken}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) })
      }),
    kill: () => stack.gateway.stop(0),
    revive: () => stack.gateway.start(),
    bare,
    stop: async () => {
      await Promise.all([...bares.values()].map(async (started) => (await started).stop()))
      await stack.stop()
      await Promise.all([collector, ...proxies].map((server) => server.stop()))
      rmSync(dir, { recursive: true, force: true })
    }
  }
}
