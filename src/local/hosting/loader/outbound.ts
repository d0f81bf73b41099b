import { WorkerEntrypoint } from "cloudflare:workers"
import type { Exports, SiteEnv } from "./site.ts"
import { CACHES_HEADER, CACHES_HOST } from "./site-modules.ts"
import { fetchSite, siteLabelOf } from "../via-front.ts"

/** The site that sends the requests. */
interface Props {
  /** `{user}-{slug}`, of `{user}-{slug}.localhost`. */
  readonly label: string
  /** The site's own `Host`. */
  readonly host: string
}

/**
 * The network of one site. The site can fetch any URL that this machine can, as in production, and has its own cache. The
 * stack's servers on loopback need a token or an unguessable path, or do nothing for the caller.
 */
export class Outbound extends WorkerEntrypoint<SiteEnv, Props, Exports> {
  async fetch(request: Request): Promise<Response> {
    const { label, host: own } = this.ctx.props
    const { host } = new URL(request.url)
    if (host === CACHES_HOST) return useCache(label, request)
    // The request would return to the site endlessly. So would an unanswered one after `passThroughOnException`.
    if (host === own) throw new Error(`A site has no origin behind it: it cannot fetch from itself (${request.url}).`)
    return siteLabelOf(request.url, this.env) === undefined ? fetch(request) : fetchSite(request, this.env)
  }
}

interface CacheCall {
  readonly op: "match" | "put" | "delete"
  readonly name: string | null
  readonly url: string
  readonly method: string
  readonly headers: Array<[string, string]>
  readonly cf?: object
  readonly status: number
  readonly statusText: string
  readonly answer: Array<[string, string]>
}

/** Makes a call of the site's `caches`. The name contains the site's label, so that sites never share a cache. */
const useCache = async (label: string, request: Request): Promise<Response> => {
  try {
    const call = JSON.parse(decodeURIComponent(request.headers.get(CACHES_HEADER) ?? "")) as CacheCall
    const cache = await caches.open(call.name === null ? label : `${label}/${call.name}`)
    const { url, method, headers, cf } = call
    const key = new Request(url, { method, headers, ...(cf !== undefined && { cf }) } as RequestInit)
    const ignoreMethod = true
    if (call.op === "match") return (await cache.match(key, { ignoreMethod })) ?? cacheAnswer("false")
    if (call.op === "delete") return cacheAnswer(String(await cache.delete(key, { ignoreMethod })))
    const { status, statusText } = call
    await cache.put(key, new Response(request.body, { status, statusText, headers: call.answer }))
    return cacheAnswer("true")
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
    return cacheAnswer("error", { name, message })
  }
}

const cacheAnswer = (kind: string, body: object = {}): Response =>
  Response.json(body, { headers: { [CACHES_HEADER]: kind } })
