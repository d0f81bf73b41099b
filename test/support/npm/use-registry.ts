import { ArchiveStore } from "../../../src/bundler/npm/archive/ArchiveStore.ts"
import { PackageRefused, RegistryUnavailableError } from "../../../src/bundler/npm/errors.ts"
import { Registry } from "../../../src/bundler/npm/registry/Registry.ts"
import type { ModuleCache } from "../../../src/bundler/remote/module-cache.ts"

/** A cache that keeps everything, as bytes. */
export const memoryCache = () => {
  const entries = new Map<string, { readonly bytes: ArrayBuffer; readonly headers: Headers }>()
  const urlOf = (request: RequestInfo | URL): string => (request instanceof Request ? request.url : String(request))
  const cache: ModuleCache = {
    match: async (request) => {
      const entry = entries.get(urlOf(request as string))
      return entry === undefined ? undefined : new Response(entry.bytes.slice(0), { headers: entry.headers })
    },
    put: async (request, response) => {
      const { headers } = response
      entries.set(urlOf(request as string), { bytes: await response.arrayBuffer(), headers })
    }
  }
  return { cache, entries }
}

/** Differences from the usual registry. */
export interface Use {
  readonly cache?: ModuleCache
  readonly fetch?: typeof fetch
  readonly timeMs?: number
}

/** The registry and the archives of one build. */
export const openRegistry = (base: string, use: Use = {}) => {
  const registry = new Registry({
    base,
    fetch: use.fetch ?? fetch,
    cache: use.cache,
    signal: AbortSignal.timeout(use.timeMs ?? 15_000)
  })
  return { registry, archives: new ArchiveStore(registry) }
}

/** A build that needs one package: its release and files, or how it fails. */
export const install = async (base: string, name: string, range = "", use: Use = {}) => {
  const { registry, archives } = openRegistry(base, use)
  try {
    const release = await registry.pick(name, range)
    const { files, paths, wide } = await archives.files(release)
    const texts = new Map([...files].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]))
    return { release, files: texts, paths, wide, requests: registry.client.budget.requests }
  } finally {
    registry.close()
  }
}

/** How a build fails: `code: text` of a refusal, `unavailable: text` of an outage. */
export const failureOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return "none"
  } catch (error) {
    if (error instanceof PackageRefused) return `${error.code}: ${error.text}`
    if (error instanceof RegistryUnavailableError) return `unavailable: ${error.message}`
    return `defect: ${String(error)}`
  }
}
