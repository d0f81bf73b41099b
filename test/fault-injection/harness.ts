import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { resolveLocalhost } from "../../src/local/system/localhost.ts"
import type { Settings } from "../../src/local/settings.ts"
import { type Stack, startStack } from "../../src/local/stack.ts"
import { openBank } from "./test-chain.ts"
import { startBare } from "./bare.ts"
import type { Rig } from "./fault.ts"
import { startWay, type Way } from "./proxy.ts"

/** The stack, with a proxy on each of its three ways, and the built Worker beside it. */
export const startRig = async (
  log: (line: string) => void
): Promise<Rig & { readonly stack: Stack; readonly told: Settings; stop: () => Promise<void> }> => {
  resolveLocalhost()
  const dir = mkdtempSync(join(tmpdir(), "mpp-compute-faults-"))
  const ways: Array<Way> = []
  const wayTo = async (upstream: string) => {
    const way = await startWay(upstream)
    ways.push(way)
    return way
  }
  let told: Settings = {}
  let rpc: Way | undefined
  let host: Way | undefined
  const stack = await startStack({
    dir: join(dir, "local"),
    gatewayPort: 0,
    sitesPort: 0,
    chainPort: 0,
    blockTime: 0.2,
    environment: {},
    log,
    reroute: async (settings) => {
      rpc = await wayTo(settings.TEMPO_RPC_URL ?? "")
      host = await wayTo(settings.CONTROL_PLANE_URL ?? "")
      told = { ...settings, TEMPO_RPC_URL: rpc.url, CONTROL_PLANE_URL: host.url }
      return told
    }
  })
  if (rpc === undefined || host === undefined) throw new Error("the gateway was not rerouted")
  const { info } = stack
  const front = await wayTo(info.gateway)

  const slugs = new Map<string, string>()
  host.watchers.add(({ status, body }) => {
    if (status > 299) return
    const { project } = JSON.parse(body.toString()) as { project?: { id: string; slug: string } }
    if (project !== undefined) slugs.set(project.id, project.slug)
  })

  let bare: ReturnType<typeof startBare> | undefined
  return {
    stack,
    info,
    dir: stack.dir,
    restarts: stack.hosting.restarts,
    told,
    bank: openBank(info),
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
    bare: () => (bare ??= startBare(dir, told)),
    stop: async () => {
      await (await bare)?.stop()
      await stack.stop()
      await Promise.all(ways.map((way) => way.stop()))
      rmSync(dir, { recursive: true, force: true })
    }
  }
}
