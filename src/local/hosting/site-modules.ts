import type { Bundle } from "./bundle.ts"

/** Where hosted code's cache calls go: a name that no network has (RFC 6761, 6.4), which the site's outbound keeps for itself. */
export const CACHES_HOST = "caches.mpp-compute.invalid"

/** How an answer from there says that there is nothing, or that it is an error; it has no such header when it was cached. */
export const CACHES_HEADER = "x-mpp-compute-cache"

/**
 * Gives hosted code a cache. Code that the Worker Loader loads has none: its `caches` throw whatever they are asked. A module of
 * ours becomes the main one and imports another before the code; that one has the runtime's own objects ask the site's outbound
 * instead, which has a cache for each site. What the code exports stays what it is.
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

/** Runs before the code, and keeps what it needs: the code may replace any global later. */
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
  const said = await fetch("http://${CACHES_HOST}/", {
    method: "POST",
    redirect: "manual",
    headers: { "${CACHES_HEADER}": encodeURIComponent(stringify(head)) },
    body: response?.body ?? null
  })
  const kind = said.headers.get("${CACHES_HEADER}")
  if (kind !== "error") return kind === null ? said : kind === "true"
  const { name, message } = await said.json()
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
