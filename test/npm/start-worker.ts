import { type Files, startBuilt } from "../stress/built.ts"
import { COLLECTABLE, freePort, measureMemory } from "./isolate-memory.ts"
import { realRegistry } from "./registry-proxy.ts"

/** The answer to a build: the size of the bundle, or the reason that there is none. */
export interface Built {
  readonly status: number
  readonly bytes?: number
  readonly lock?: Readonly<Record<string, string>>
  readonly diagnostics?: ReadonlyArray<{ readonly text: string }>
  readonly defect?: string
}

/** Starts one of the scratch Workers with the machine's network, so that it reaches the real registry. */
export const startOnline = (config: string, registry = realRegistry, more: object = {}) => {
  if (registry === "") throw new Error("No registry is known: configure npm, or set NPM_REGISTRY.")
  const options = {
    outboundService: undefined,
    bindings: { REGISTRY: registry },
    workerLoaders: { LOADER: {} },
    ...more
  } as object
  return startBuilt(config, () => new Response(null, { status: 404 }), options)
}

/**
 * Starts it so that its memory can be measured.
 *
 * @param more further flags for V8.
 */
export const startMeasured = async (config: string, more = "") => {
  const flags = process.env["MINIFLARE_WORKERD_V8_FLAGS"]
  const inspectorPort = await freePort()
  try {
    process.env["MINIFLARE_WORKERD_V8_FLAGS"] = `${COLLECTABLE} ${more}`.trim()
    const worker = await startOnline(config, realRegistry, { inspectorPort })
    return { ...worker, measure: () => measureMemory(worker.pid, inspectorPort) }
  } finally {
    if (flags === undefined) delete process.env["MINIFLARE_WORKERD_V8_FLAGS"]
    else process.env["MINIFLARE_WORKERD_V8_FLAGS"] = flags
  }
}

/** A build by the Worker of `worker.ts`, on the cache of this name. */
export const buildAt =
  ({ url }: { readonly url: URL }) =>
  async (files: Files, cache = "", path = "/"): Promise<Built> => {
    const target = new URL(`${path}?cache=${encodeURIComponent(cache)}`, url)
    const response = await fetch(target, { method: "POST", body: JSON.stringify({ files }) })
    return { status: response.status, ...((await response.json()) as object) }
  }
