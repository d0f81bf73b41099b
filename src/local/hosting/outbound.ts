import { WorkerEntrypoint } from "cloudflare:workers"
import { type Exports, labelOf, serve, type SiteEnv } from "./site.ts"
import { CACHES_HEADER, CACHES_HOST } from "./site-modules.ts"

/** The site whose requests these are. */
interface Props {
  /** `{user}-{slug}`, of `{user}-{slug}.localhost`. */
  readonly label: string
  /** Its own `Host`. */
  readonly host: string
}

/**
 * The network of one site: it fetches from wherever this machine does, as it will in production, and has a cache of its own.
 * The stack's servers on loopback need a token or an unguessable path, or do nothing for the caller.
 */
export class Outbound extends WorkerEntrypoint<SiteEnv, Props, Exports> {
  async fetch(request: Request): Promise<Response> {
    const { label, host: own } = this.ctx.props
    const { host } = new URL(request.url)
    if (host === CACHES_HOST) return useCache(label, request)
    // Here it would come back for ever: a request that nobody answered, too, once `passThroughOnException` was called.
    if (host === own) throw new Error(`A site has no origin behind it: it cannot fetch from itself (${request.url}).`)
    // Not by way of the network: few systems know names below `localhost`.
    const other = labelOf(request.url, this.env)
    return other === undefined ? fetch(request) : serve(other, request, this.env, this.ctx.exports)
  }
}

interface Head {
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

/** A call of the site's `caches`, made here in its name: sites never share a cache, whatever they call theirs. */
const useCache = async (label: string, request: Request): Promise<Response> => {
  try {
    const head = JSON.parse(decodeURIComponent(request.headers.get(CACHES_HEADER) ?? "")) as Head
    const cache = await caches.open(head.name === null ? label : `${label}/${head.name}`)
    const { url, method, headers, cf } = head
    const key = new Request(url, { method, headers, ...(cf !== undefined && { cf }) } as RequestInit)
    const ignoreMethod = true
    if (head.op === "match") return (await cache.match(key, { ignoreMethod })) ?? said("false")
    if (head.op === "delete") return said(String(await cache.delete(key, { ignoreMethod })))
    const { status, statusText } = head
    await cache.put(key, new Response(request.body, { status, statusText, headers: head.answer }))
    return said("true")
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
    return said("error", { name, message })
  }
}

const said = (kind: string, body: object = {}): Response => Response.json(body, { headers: { [CACHES_HEADER]: kind } })
