import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { ownHosts } from "../../system/hosts.ts"
import { QUESTION, SITE_HEADER, siteLabelOf } from "../via-front.ts"
import type { makeCommands } from "./commands.ts"
import type { Loader } from "./loader.ts"
import type { makeLookup } from "./lookup.ts"
import type { HostingPlan } from "./plan.ts"
import { connectTo, passOn, passOnUpgrade } from "./proxy.ts"
import { reachSite } from "./reach.ts"
import type { Sites } from "../runtimes/Sites.ts"

/** Where a request goes. */
interface Destination {
  readonly socket: string
  /** Headers that replace the request's own. */
  readonly own: Readonly<Record<string, string | undefined>>
  readonly done: () => void
}

/** A request waits this long for a runtime that is being replaced. */
const RETRY_MS = 10_000

/**
 * The server at the port of the sites. It runs no hosted code, so that code which freezes its process freezes nothing else. A
 * site with resources is in a process of its own; all other requests go to the runtime with the Worker Loader.
 */
export const startFront = async (
  { port, secret }: HostingPlan,
  parts: {
    readonly sites: Sites
    readonly loader: Loader
    readonly lookup: ReturnType<typeof makeLookup>
    readonly commands: ReturnType<typeof makeCommands>
  }
): Promise<Server> => {
  /** Whether this is a question about a site with code. For other sites the host's own answer follows. */
  const isAnswered = async ({ headers, method }: IncomingMessage): Promise<boolean> => {
    const [given, host, question] = String(headers[SITE_HEADER] ?? "").split(" ")
    if (given !== secret || question !== QUESTION || method !== "HEAD") return false
    const label = siteLabelOf(`http://${host}/`, { PORT: String(port) })
    return label !== undefined && typeof (await parts.lookup.find(label))?.version === "string"
  }

  const destinationOf = async ({ headers }: IncomingMessage): Promise<Destination> => {
    const [given, other] = String(headers[SITE_HEADER] ?? "").split(" ")
    const host = given === secret && other !== undefined ? other : headers.host
    const own = { [SITE_HEADER]: undefined, ...(host !== headers.host && { host }) }
    const reached = await reachSite(parts, host ?? "", port)
    if (reached === undefined) return { socket: parts.loader.socket(), own, done: () => {} }
    return { socket: reached.instance.sockets.site, own, done: reached.done }
  }

  // A runtime that is being replaced is there again soon.
  const reach = async (incoming: IncomingMessage): Promise<Omit<Destination, "socket"> & { connection: Socket }> => {
    for (const end = Date.now() + RETRY_MS; ; await sleep(50)) {
      const { socket, ...destination } = await destinationOf(incoming)
      try {
        return { ...destination, connection: await connectTo(socket) }
      } catch (cause) {
        destination.done()
        if (Date.now() > end) throw cause
      }
    }
  }

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const command = `/${secret}/host/`
    if (incoming.url?.startsWith(command) === true && ownHosts(port).includes(incoming.headers.host ?? ""))
      return parts.commands(incoming.url.slice(command.length), incoming, outgoing)
    if (await isAnswered(incoming)) return void outgoing.writeHead(200).end()
    const { connection, own, done } = await reach(incoming)
    await passOn(incoming, outgoing, connection, own).finally(done)
  }
  const upgrade = async (incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> => {
    const { connection, own, done } = await reach(incoming)
    await passOnUpgrade(incoming, client, head, connection, own).finally(done)
  }

  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing).catch((cause: unknown) => {
      incoming.resume()
      outgoing.writeHead(500, { "content-type": "application/json" })
      outgoing.end(JSON.stringify({ error: "worker_threw_exception", message: messageOf(cause) }))
    })
  })
  server.on("upgrade", (incoming, client, head) => {
    client.on("error", () => {})
    void upgrade(incoming, client, head).catch((cause: unknown) => {
      client.end(`HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n\r\n${messageOf(cause)}`)
    })
  })
  // A site may stream for as long as it likes.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve))
  return server
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
