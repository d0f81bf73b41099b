/** Keeps modules between builds: `caches.default` is one, where the platform has it. */
export type ModuleCache = Pick<Cache, "match" | "put">

/** How long the cache may take, in milliseconds: a fetch is not much slower. */
const PATIENCE_MS = 1000

const inTime = async <A>(work: () => Promise<A>): Promise<A> => {
  const over = Promise.withResolvers<never>()
  const timer = setTimeout(() => over.reject(new Error("the cache does not answer")), PATIENCE_MS)
  try {
    return await Promise.race([work(), over.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A cache of which every failure is a miss: builds are the same without one, only slower. Where others host this Worker, the
 * platform's may be disabled, and then throws, rejects or hangs. After its first failure nobody asks it again, so that a
 * cache which hangs costs a build a second and not one for each module. A match is read to its end before it counts as one.
 */
export const forgiving = (cache: ModuleCache): ModuleCache => {
  let broken = false
  const attempt = async <A>(work: () => Promise<A>): Promise<A | undefined> => {
    if (broken) return undefined
    try {
      return await inTime(work)
    } catch {
      broken = true
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

/** The platform's own, where it has one and lets us look. */
export const platformCache = (): ModuleCache | undefined => {
  try {
    // Browsers and Node know no default one, and neither do their types.
    return (globalThis as { readonly caches?: { readonly default?: ModuleCache } }).caches?.default
  } catch {
    return undefined
  }
}
