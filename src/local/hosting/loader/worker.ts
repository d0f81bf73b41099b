import { type RunnerBinding, runnerOn } from "../../../sandbox/remote/binding.ts"
import { checkOrThrow } from "../../../sandbox/worker/start.ts"
import type { WorkerLoader } from "../bundle.ts"
import { decodeBundle, type EncodedBundle } from "../encoding.ts"
import { type Exports, serveSite, type SiteEnv } from "./site.ts"
import { siteLabelOf } from "../via-front.ts"

export { Logs } from "../logs.ts"
export { Outbound } from "./outbound.ts"

interface Env extends SiteEnv {
  readonly LOADER: SiteEnv["LOADER"] & WorkerLoader
}

/**
 * Runs deployed code that needs no resources, in a process of its own: an endless loop in hosted code freezes this process and
 * nothing else. It keeps no state, so that it can be killed at any moment. The front (process/front.ts) passes requests to it.
 *
 * `http://{user}-{slug}.localhost` is a site. At this machine's other names, `/{secret}/…` answers the watchdog, the control
 * plane and the gateway. Requests for any other name are refused: a page whose name resolves to this machine (DNS rebinding)
 * could otherwise read a site as its own.
 */
export default {
  async fetch(request: Request, env: Env, context: { readonly exports: Exports }): Promise<Response> {
    const { hostname, port, pathname } = new URL(request.url)
    const label = siteLabelOf(request.url, env)
    if (label !== undefined) return serveSite(label, request, env, context.exports)
    if (!OWN_NAMES.includes(hostname) || (port || "80") !== env.PORT)
      return new Response(`This server does not answer to this name. ${SITES_HINT}`, { status: 403 })
    if (pathname.startsWith(`/${env.SECRET}/`))
      return answerInternal(pathname.slice(env.SECRET.length + 2), request, env.LOADER)
    return new Response(SITES_HINT, { status: 404 })
  }
}

const OWN_NAMES = ["127.0.0.1", "localhost", "[::1]"]
const SITES_HINT = "Sites answer at http://{user}-{slug}.localhost here.\n"

/** Answers the stack's own processes. */
const answerInternal = async (path: string, request: Request, loader: WorkerLoader): Promise<Response> => {
  const runner = runnerOn(loader)
  switch (path) {
    case "ping":
      return new Response("pong")
    case "check":
      return Response.json(await checkOrThrow(loader, decodeBundle((await request.json()) as EncodedBundle)))
    case "runner/check": {
      const { code, purpose } = (await request.json()) as RunnerCall<"check">
      return Response.json(await runner.check(decodeBundle(code), purpose))
    }
    case "runner/run": {
      const { code, input } = (await request.json()) as RunnerCall<"run">
      return Response.json(await runner.run(decodeBundle(code), input))
    }
  }
  return new Response("There is no such path.\n", { status: 404 })
}

type RunnerCall<Call extends "check" | "run"> = { readonly code: EncodedBundle } & (Call extends "check"
  ? { readonly purpose: Parameters<RunnerBinding["check"]>[1] }
  : { readonly input: Parameters<RunnerBinding["run"]>[1] })
