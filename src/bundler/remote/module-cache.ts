/** Keeps modules between builds. `caches.default` is one, if the platform has it. */
export type ModuleCache = Pick<Cache, "match" | "put">

/** The time limit of the cache, in milliseconds. A fetch is not much slower. */
const TIMEOUT_MS = 1000

const withTimeout = async <A>(work: () => Promise<A>): Promise<A> => {
  const over = Promise.withResolvers<never>()
  const timer = setTimeout(() => over.reject(new Error("the cache does not answer")), TIMEOUT_MS)
  try {
    return await Promise.race([work(), over.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Wraps a cache so that every failure is a miss: builds are the same without it, only slower. On other hosts the platform's
 * cache may be disabled, and then it throws, rejects or hangs. After its first failure it is not used again, so that a hanging
 * cache costs a build one second and not one for each module. A match counts only after it was read to its end.
 */
export const tolerant = (cache: ModuleCache): ModuleCache => {
  let failed = false
  const attempt = async <A>(work: () => Promise<A>): Promise<A | undefined> => {
    if (failed) return undefined
    try {
      return await withTimeout(work)
    } catch {
      failed = true
      return undefined
    }
  }
  return {
    match: (request) =>
      attempt(async () => {
        const kept = await cache.match(request)
        if (kept === undefined || !kept.ok) return undefined
        const { headers } = kept
        return new Response(await kept.arrayBuffer(), { headers })
      }),
    put: (request, response) => attempt(async () => cache.put(request, response))
  }
}

/** Returns the platform's own cache, if it has one and allows access. */
export const platformCache = (): ModuleCache | undefined => {
  try {
    // Browsers and Node have no default cache, and neither do their types.
    return (globalThis as { readonly caches?: { readonly default?: ModuleCache } }).caches?.default
  } catch {
    return undefined
  }
}
