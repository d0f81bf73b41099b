import { type RunnerBinding, runnerOn } from "../../sandbox/remote/binding.ts"
import { check } from "../../sandbox/worker/start.ts"
import type { Loader } from "./bundle.ts"
import { decodeBundle, type EncodedBundle } from "./encoding.ts"
import { type Exports, labelOf, serve, type SiteEnv } from "./site.ts"

export { Outbound } from "./outbound.ts"

interface Env extends SiteEnv {
  readonly LOADER: SiteEnv["LOADER"] & Loader
  /** The first path segment of what only the launcher, the control plane and the gateway may ask. */
  readonly SECRET: string
}

/**
 * Runs what people deploy, in a process of its own: an endless loop in hosted code freezes this process and nothing
 * else. It keeps no state, so that it can be killed at any moment.
 *
 * `http://{user}-{slug}.localhost` is a site. By this machine's other names it answers what is below `/{secret}`: to the
 * watchdog, the control plane and the gateway. By any other name it answers nothing: a page that has its own name point here
 * (DNS rebinding) would read a site as its own.
 */
export default {
  async fetch(request: Request, env: Env, context: { readonly exports: Exports }): Promise<Response> {
    const { hostname, port, pathname } = new URL(request.url)
    const label = labelOf(request.url, env)
    if (label !== undefined) return serve(label, request, env, context.exports)
    if (!ownNames.includes(hostname) || (port || "80") !== env.PORT)
      return new Response(`Nothing answers at this name here. ${where}`, { status: 403 })
    if (pathname.startsWith(`/${env.SECRET}/`))
      return answer(pathname.slice(env.SECRET.length + 2), request, env.LOADER)
    return new Response(where, { status: 404 })
  }
}

const ownNames = ["127.0.0.1", "localhost", "[::1]"]
const where = "Sites answer at http://{user}-{slug}.localhost here.\n"

/** Answers our own processes. */
const answer = async (path: string, request: Request, loader: Loader): Promise<Response> => {
  const runner = runnerOn(loader)
  switch (path) {
    case "ping":
      return new Response("pong")
    case "check":
      return Response.json(await check(loader, decodeBundle((await request.json()) as EncodedBundle)))
    case "runner/check": {
      const { code, purpose } = (await request.json()) as Asked<"check">
      return Response.json(await runner.check(decodeBundle(code), purpose))
    }
    case "runner/run": {
      const { code, input } = (await request.json()) as Asked<"run">
      return Response.json(await runner.run(decodeBundle(code), input))
    }
  }
  return new Response("There is no such thing.\n", { status: 404 })
}

type Asked<Call extends "check" | "run"> = { readonly code: EncodedBundle } & (Call extends "check"
  ? { readonly purpose: Parameters<RunnerBinding["check"]>[1] }
  : { readonly input: Parameters<RunnerBinding["run"]>[1] })
