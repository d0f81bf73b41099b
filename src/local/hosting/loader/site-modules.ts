import type { Bundle } from "../bundle.ts"

/** The host of hosted code's cache calls. It is a name in no network (RFC 6761, 6.4), and the site's outbound handles it. */
export const CACHES_HOST = "caches.mpp-compute.invalid"

/** The header that marks an answer as a result or an error. A cached response has no such header. */
export const CACHES_HEADER = "x-mpp-compute-cache"

/**
 * Gives hosted code a cache. Code in the Worker Loader has none: every call of its `caches` throws. A generated module becomes
 * the main module and imports a second one before the code. The second module makes the runtime's cache objects call the site's
 * outbound, which has a cache for each site. The code's exports stay the same.
 */
export const withCaches = (bundle: Bundle): Bundle => {
  const [main, caches] = [unusedName(bundle, "site"), unusedName(bundle, "caches")]
  const code = JSON.stringify(`./${bundle.mainModule}`)
  return {
    ...bundle,
    mainModule: main,
    modules: {
      ...bundle.modules,
      [caches]: { js: cachesModule },
      [main]: { js: `import "./${caches}"; export * from ${code}; export { default } from ${code}` }
    }
  }
}

const unusedName = ({ modules }: Bundle, name: string): string => {
  let file = `mpp-compute-${name}.js`
  while (Object.hasOwn(modules, file)) file = `_${file}`
  return file
}

/** Runs before the code, and keeps references to globals, because the code may replace any of them later. */
const cachesModule = `
const { fetch, Request, Response, Error, TypeError, WeakMap, encodeURIComponent } = globalThis
const { stringify } = JSON
const { open } = CacheStorage.prototype
const names = new WeakMap()

const send = async (op, cache, request, response) => {
  const head = {
    op,
    name: names.get(cache) ?? null,
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    cf: request.cf,
    ...(response && { status: response.status, statusText: response.statusText, answer: [...response.headers] })
  }
  const answer = await fetch("http://${CACHES_HOST}/", {
    method: "POST",
    redirect: "manual",
    headers: { "${CACHES_HEADER}": encodeURIComponent(stringify(head)) },
    body: response?.body ?? null
  })
  const kind = answer.headers.get("${CACHES_HEADER}")
  if (kind !== "error") return kind === null ? answer : kind === "true"
  const { name, message } = await answer.json()
  throw new (name === "TypeError" ? TypeError : Error)(message)
}
const applies = (request, options) => options?.ignoreMethod === true || request.method === "GET"

Object.assign(Cache.prototype, {
  async match(requestOrUrl, options) {
    const request = new Request(requestOrUrl)
    return (applies(request, options) && (await send("match", this, request))) || undefined
  },
  async put(requestOrUrl, response) {
    await send("put", this, new Request(requestOrUrl), response)
  },
  async delete(requestOrUrl, options) {
    const request = new Request(requestOrUrl)
    return applies(request, options) && (await send("delete", this, request))
  }
})
CacheStorage.prototype.open = async function (name) {
  const cache = await open.call(this, name)
  names.set(cache, String(name))
  return cache
}
`
