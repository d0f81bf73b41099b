import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Readable } from "node:stream"
import type { SiteHost } from "../hosting/host.ts"
import { refuseBrowser, ownHosts } from "../system/hosts.ts"
import type { Answer } from "./answers.ts"
import type { Context } from "./context.ts"
import { EventStream, LogStreams } from "./logs/streams.ts"
import { route } from "./routes.ts"
import { answerHosting } from "./sites.ts"
import { type Inventory, inventoryOf } from "./store/resources.ts"
import { account } from "./store/rows.ts"
import { Store } from "./store/Store.ts"

/** A control plane on this machine that speaks Jack's HTTP contract. */
export interface ControlPlane {
  readonly url: string
  /** All that exists at the host, also what deleted projects left behind. `GET /v1/local/inventory` answers the same. */
  readonly inventory: () => Inventory
  /** For tests: how many clients read the log of a project. */
  readonly logReaders: () => number
  /** For tests: makes the next `POST /v1/projects` fail half-way, which leaves a row with `status: "error"` on its slug. */
  readonly failNextCreate: (message: string) => void
  /** For tests: makes the next attempt to set secrets fail. An upload's code is live then, and its answer is a 500. */
  readonly failNextSecrets: (message: string) => void
  /** For tests: answers `GET /v1/me` with this from now on, or never (`"hang"`). `undefined` restores the real answer. */
  readonly answerMe: (answer: Answer | "hang" | undefined) => void
  /** Closes all connections at once. The data stays on disk, and `start` serves it again on the same port. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

/**
 * An idle connection stays open this long, in milliseconds. The gateway's runtime closes its own after 5 s, which is also Node's default:
 * a create that was sent in the moment at which both close had no answer.
 */
const KEEP_ALIVE_MS = 60_000

/** Starts the control plane. It asks the host whether uploaded code starts, and to work on data. */
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
  readonly host: SiteHost
}): Promise<ControlPlane> => {
  const failures: Partial<Record<"create" | "secrets", string>> = {}
  const takeFailure = (step: "create" | "secrets"): string | undefined => {
    const message = failures[step]
    delete failures[step]
    return message
  }
  let me: Answer | "hang" | undefined
  const siteUrl = (slug: string): string => options.siteUrl(`${account.username}-${slug}`)
  const streams = new LogStreams()
  const load = (): Context => ({ store: new Store(options.dir), siteUrl, host: options.host, streams, takeFailure })
  let context = load()

  const answer = async (request: Request): Promise<Answer> => {
    const path = new URL(request.url).pathname
    if (path.startsWith(`${options.sitesPath}/`))
      return answerHosting(request, path.slice(options.sitesPath.length + 1), context)
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

  const answerSaved = async (request: Request): Promise<Answer> => {
    const { store } = context
    const made = await answer(request)
    await store.saved()
    return made
  }

  const listen = async () => {
    context = load()
    const hosts = ownHosts(options.port)
    const server = createServer((incoming, outgoing) => {
      const fromBrowser = refuseBrowser(incoming.headers, hosts)
      const refused: Answer | undefined =
        fromBrowser === undefined ? undefined : { status: 403, body: { error: "forbidden", message: fromBrowser } }
      void serve(incoming, outgoing, async (request) => refused ?? answerSaved(request))
    })
    server.keepAliveTimeout = KEEP_ALIVE_MS
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(options.port, "127.0.0.1", resolve)
    )
    return server
  }
  let server: Awaited<ReturnType<typeof listen>> | undefined = await listen()
  return {
    url: `http://127.0.0.1:${options.port}`,
    inventory: () => inventoryOf(context.store),
    logReaders: () => streams.count,
    failNextCreate: (message) => {
      failures.create = message
    },
    failNextSecrets: (message) => {
      failures.secrets = message
    },
    answerMe: (answer) => {
      me = answer
    },
    stop: async () => {
      const running = server
      server = undefined
      running?.closeAllConnections()
      await context.store.saved()
      await new Promise((resolve) => (running === undefined ? resolve(undefined) : running.close(resolve)))
    },
    start: async () => {
      server ??= await listen()
    }
  }
}

const unauthorized = (message: string): Answer => ({ status: 401, body: { error: "unauthorized", message } })

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
  if (body instanceof EventStream) return stream(outgoing, body)
  outgoing.writeHead(status, {
    "content-type": typeof body === "string" ? "text/plain; charset=UTF-8" : "application/json"
  })
  outgoing.end(typeof body === "string" ? body : JSON.stringify(body))
}

const stream = (outgoing: ServerResponse, { begin }: EventStream): void => {
  outgoing.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform"
  })
  const end = begin((payload) => void outgoing.write(`data: ${JSON.stringify(payload)}\n\n`))
  outgoing.once("close", end)
}
