import { check } from "../../execute/start.ts"
import type { Loader } from "./bundle.ts"
import { decodeBundle, type EncodedBundle, type EncodedVersion } from "./encoding.ts"

interface Env {
  readonly LOADER: Loader
  /** The first path segment of what only the launcher and the control plane may ask. */
  readonly SECRET: string
  /** Where the control plane says what a site runs; empty when another control plane than ours is in use. */
  readonly SITES_URL: string
}

/**
 * Runs what people deploy, in a process of its own: an endless loop in hosted code freezes this process and nothing
 * else. It keeps no state, so that it can be killed at any moment.
 *
 * `http://{user}-{slug}.localhost` is a site. On every other host name it answers `/{secret}/ping` and
 * `/{secret}/check`, for the watchdog and the control plane.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url)
    const label = /^([^.]+)\.localhost$/.exec(url.hostname)?.[1]
    if (label !== undefined) return serve(label, request, env)
    if (url.pathname === `/${env.SECRET}/ping`) return new Response("pong")
    if (url.pathname === `/${env.SECRET}/check`)
      return Response.json(await check(env.LOADER, decodeBundle((await request.json()) as EncodedBundle)))
    return new Response("Sites answer at http://{user}-{slug}.localhost here.\n", { status: 404 })
  }
}

/** What the gateway asks through its service binding `RUNNER`. */
export { Runner } from "../../execute/Runner.ts"

/** What runs at a site at the moment, as the control plane says it. */
type Site = { readonly version: string | null }

/** What a project answers until its first upload, word for word as Jack's. */
const placeholder = { error: "Project is being set up. Deploy your code with 'jack ship'." }

const serve = async (label: string, request: Request, env: Env): Promise<Response> => {
  const site = `${env.SITES_URL}/${encodeURIComponent(label)}`
  try {
    const found = env.SITES_URL === "" ? undefined : await fetch(site)
    if (found === undefined || !found.ok) return new Response("There is no such site.\n", { status: 404 })
    const { version } = (await found.json()) as Site
    if (version === null) return Response.json(placeholder, { status: 503 })
    return await load(`${site}/${version}`, `${label}:${version}`, env.LOADER).getEntrypoint().fetch(request)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return Response.json({ error: "worker_threw_exception", message }, { status: 500 })
  }
}

/** The version's isolate; its code is fetched when the isolate is not there yet. */
const load = (url: string, id: string, loader: Loader): ReturnType<Loader["get"]> =>
  loader.get(id, async () => {
    const { env, ...bundle } = (await (await fetch(url)).json()) as EncodedVersion
    return { ...decodeBundle(bundle), env, globalOutbound: null }
  })
