import { PACKAGE_LIMITS } from "../npm/limits.ts"
import { CACHE_PREFIX } from "../npm/registry/PackageCache.ts"
import type { ModuleCache } from "../remote/module-cache.ts"
import { IMPORT_LIMITS } from "../remote/RemoteModules.ts"
import { checkUrl } from "../remote/url-rules.ts"
import type { Outbound } from "./messages.ts"

/** The hosts that one build may reach, and the means. */
export interface Reach {
  /** The URL of the registry. */
  readonly registry: string
  /** The hosts of URL imports, in lower case. */
  readonly hosts: ReadonlySet<string>
  readonly fetch: typeof fetch
  readonly cache: ModuleCache | undefined
}

/** The calls of one build: those for packages; and for each module of a URL a look and a fetch a redirect, and its entry. */
const MAX_CALLS = PACKAGE_LIMITS.requests + IMPORT_LIMITS.modules * (2 * (IMPORT_LIMITS.hops + 1) + 1)

/**
 * Makes the network of one isolate. It checks each call itself, because it does not trust the isolate: a fetch is a GET, without
 * redirects, to the registry's origin or to a host of URL imports; a key of the cache is one of packages or a URL of such a host.
 * The limits of bytes hold inside the isolate.
 *
 * @param signal ends all calls.
 */
export const openOutbound = ({ registry, hosts, fetch, cache }: Reach, signal: AbortSignal): Outbound => {
  const { origin } = new URL(registry)
  let calls = 0
  const spend = () => {
    signal.throwIfAborted()
    calls += 1
    if (calls > MAX_CALLS) throw new Error("The build has used its last request")
  }
  const targetOf = (text: string): URL => {
    const url = new URL(text)
    const isOfRegistry = url.origin === origin && url.username === "" && url.password === ""
    return isOfRegistry ? url : checkUrl(text, undefined, hosts)
  }
  const keyOf = (text: string): string => (text.startsWith(CACHE_PREFIX) ? text : checkUrl(text, undefined, hosts).href)
  return {
    fetch: async (url, accept) => {
      spend()
      const headers = { accept, "user-agent": "mpp-compute" }
      return fetch(targetOf(url).href, { redirect: "manual", headers, signal })
    },
    match: async (key) => {
      spend()
      return cache?.match(keyOf(key))
    },
    put: async (key, response) => {
      spend()
      await cache?.put(keyOf(key), response)
    }
  }
}
