import { cf } from "../../system/cf.ts"
import type { Bundle, WorkerLoader } from "../bundle.ts"
import { decodeBundle, type EncodedVersion } from "../encoding.ts"
import { withCaches } from "./site-modules.ts"
import { fetchSite, type FrontEnv } from "../via-front.ts"

/** The entrypoint through which a site sends its requests. */
interface Outbound {
  fetch(request: Request): Promise<Response>
}

/** The bindings for serving a site. */
export interface SiteEnv extends FrontEnv {
  /** The Worker Loader, for code that has a network. */
  readonly LOADER: {
    get(
      id: string,
      code: () => Promise<
        Bundle & { readonly env: object; readonly globalOutbound: Outbound; readonly tails: ReadonlyArray<object> }
      >
    ): ReturnType<WorkerLoader["get"]>
  }
  /** The control plane's URL for the versions of sites; empty if the stack uses another control plane than its own. */
  readonly SITES_URL: string
}

/** The hosting Worker's own entrypoints, which it gives to sites. */
export interface Exports {
  Outbound(options: { readonly props: { readonly label: string; readonly host: string } }): Outbound
  Logs(options: { readonly props: { readonly label: string } }): object
}

/** The control plane's answer: the version that a site runs now, and the project if the version needs its own process. */
type Site = { readonly version: string | null; readonly project?: string }

/** A project answers this until its first upload. Jack answers the same text. */
const placeholder = { error: "Project is being set up. Deploy your code with 'jack ship'." }

/** The answer for a name that no project has; Jack answers the same text. */
const noSuchSite = (label: string): Response =>
  Response.json({ error: "Project not found", subdomain: label }, { status: 404 })

/** Answers a request to a site. */
export const serveSite = async (label: string, request: Request, env: SiteEnv, exports: Exports): Promise<Response> => {
  const site = `${env.SITES_URL}/${encodeURIComponent(label)}`
  try {
    const found = env.SITES_URL === "" ? undefined : await fetch(site)
    if (found === undefined || !found.ok) return noSuchSite(label)
    const { version, project } = (await found.json()) as Site
    if (version === null) return Response.json(placeholder, { status: 503 })
    // The site has been updated since the front looked it up.
    if (project !== undefined) return await fetchSite(request, env)
    const outbound = exports.Outbound({ props: { label, host: new URL(request.url).host } })
    const tails = [exports.Logs({ props: { label } })]
    const worker = loadVersion(`${site}/${version}`, `${label}:${version}`, env.LOADER, {
      globalOutbound: outbound,
      tails
    })
    return await worker.getEntrypoint().fetch(new Request(request, { cf } as RequestInit))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return Response.json({ error: "worker_threw_exception", message }, { status: 500 })
  }
}

/** Returns the version's isolate. Its code is fetched if the isolate does not exist yet. */
const loadVersion = (
  url: string,
  id: string,
  loader: SiteEnv["LOADER"],
  around: { readonly globalOutbound: Outbound; readonly tails: ReadonlyArray<object> }
): ReturnType<WorkerLoader["get"]> =>
  loader.get(id, async () => {
    const { env, ...bundle } = (await (await fetch(url)).json()) as EncodedVersion
    return { ...withCaches(decodeBundle(bundle)), env, ...around }
  })
