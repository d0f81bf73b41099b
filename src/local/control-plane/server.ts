import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Readable } from "node:stream"
import type { StartResult } from "../hosting/bundle.ts"
import type { EncodedBundle } from "../hosting/encoding.ts"
import { refuseBrowser, ownHosts } from "../system/hosts.ts"
import { type Answer, type Context, route } from "./routes.ts"
import { account, Store } from "./store.ts"

/** A control plane on this machine that speaks Jack's HTTP contract. */
export interface ControlPlane {
  readonly url: string
  /** For tests: makes the next `POST /v1/projects` fail half-way, which leaves a row with `status: "error"` on its slug. */
  readonly failNextCreate: (message: string) => void
  /** For tests: answers `GET /v1/me` with this from now on, or never (`"hang"`). `undefined` restores the real answer. */
  readonly answerMe: (answer: Answer | "hang" | undefined) => void
  /** Closes all connections at once. The data stays on disk, and `start` serves it again on the same port. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

/** Starts the control plane. It calls `check` to find out whether uploaded code starts. */
export const startControlPlane = async (options: {
  /** The directory of its data. */
  readonly dir: string
  readonly port: number
  /** The only accepted bearer token. */
  readonly token: string
  /** The secret path where the hosting process reads the versions of sites. */
  readonly sitesPath: string
  /** The gateway's own project, with the key of its scheduled calls. It appears in no list. */
  readonly gatewayProject?: { readonly id: string; readonly cronSecret: string }
  readonly siteUrl: (label: string) => string
  readonly check: (bundle: EncodedBundle) => Promise<StartResult>
}): Promise<ControlPlane> => {
  let createFailure: string | undefined
  const takeCreateFailure = (): string | undefined => {
    const message = createFailure
    createFailure = undefined
    return message
  }
  let me: Answer | "hang" | undefined
  const siteUrl = (slug: string): string => options.siteUrl(`${account.username}-${slug}`)
  const load = (): Context => ({ store: new Store(options.dir), siteUrl, check: options.check, takeCreateFailure })

  const answer = async (request: Request, context: Context): Promise<Answer> => {
    const path = new URL(request.url).pathname
    if (path.startsWith(`${options.sitesPath}/`))
      return siteVersion(path.slice(options.sitesPath.length + 1), context.store)
    if (path === "/health") return { status: 200, body: { status: "ok", service: "jack-control" } }
    if (!path.startsWith("/v1/")) return { status: 404, body: "404 Not Found" }
    if (path === "/v1/me" && me !== undefined) return me === "hang" ? new Promise(() => {}) : me
    const authorization = request.headers.get("authorization")
    if (!authorization?.startsWith("Bearer ")) return unauthorized("Missing or invalid Authorization header")
    if (authorization.slice(7) !== options.token) return unauthorized("Token verification failed")
    if (options.gatewayProject && path === `/v1/projects/${options.gatewayProject.id}`) {
      const { id, cronSecret } = options.gatewayProject
      return { status: 200, body: { project: { id, name: "gateway", status: "active", cron_secret: cronSecret } } }
    }
    return route(request, path.slice("/v1/".length), context)
  }

  const listen = async () => {
    const context = load()
    const hosts = ownHosts(options.port)
    const server = createServer((incoming, outgoing) => {
      const fromBrowser = refuseBrowser(incoming.headers, hosts)
      const refused: Answer | undefined =
        fromBrowser === undefined ? undefined : { status: 403, body: { error: "forbidden", message: fromBrowser } }
      void serve(incoming, outgoing, async (request) => refused ?? answer(request, context))
    })
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(options.port, "127.0.0.1", resolve)
    )
    return server
  }
  let server: Awaited<ReturnType<typeof listen>> | undefined = await listen()
  return {
    url: `http://127.0.0.1:${options.port}`,
    failNextCreate: (message) => {
      createFailure = message
    },
    answerMe: (answer) => {
      me = answer
    },
    stop: async () => {
      const running = server
      server = undefined
      running?.closeAllConnections()
      await new Promise((resolve) => (running === undefined ? resolve(undefined) : running.close(resolve)))
    },
    start: async () => {
      server ??= await listen()
    }
  }
}

const unauthorized = (message: string): Answer => ({ status: 401, body: { error: "unauthorized", message } })

/** `{label}` answers the version that the site runs; `{label}/{version}` answers that version's code. */
const siteVersion = (path: string, store: Store): Answer => {
  const [label = "", version] = path.split("/")
  const project = store.projects.find(({ owner_username, slug }) => `${owner_username}-${slug}` === label)
  // A label of more than 63 characters is not a host name (RFC 1035, 2.3.4), but Jack creates such projects.
  if (project === undefined || project.status === "error" || label.length > 63) return { status: 404, body: "" }
  if (version === undefined) return { status: 200, body: { version: store.latest(project)?.id ?? null } }
  const code = store.version(version)
  return code === undefined ? { status: 404, body: "" } : { status: 200, body: JSON.parse(code) as unknown }
}

const serve = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: Request) => Promise<Answer>
): Promise<void> => {
  const { method = "GET", headers } = incoming
  const request = new Request(new URL(incoming.url ?? "/", "http://localhost"), {
    method,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : []
    ) as Array<[string, string]>,
    ...(method === "GET" || method === "HEAD"
      ? {}
      : { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" })
  })
  const { status, body } = await answer(request).catch((): Answer => ({ status: 500, body: "Internal Server Error" }))
  // An answer before the end of the body must not break the connection of the body.
  incoming.resume()
  outgoing.writeHead(status, {
    "content-type": typeof body === "string" ? "text/plain; charset=UTF-8" : "application/json"
  })
  outgoing.end(typeof body === "string" ? body : JSON.stringify(body))
}
