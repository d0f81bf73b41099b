import { type IncomingMessage, request, type ServerResponse } from "node:http"
import { connect, type Socket } from "node:net"
import type { Duplex } from "node:stream"

/** Headers that are for one connection only. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection"]

/** A request's headers as the next server gets them, with another `Host` if one is given. */
const forwarded = ({ rawHeaders }: IncomingMessage, own: Readonly<Record<string, string | undefined>>): Array<string> =>
  pairs(rawHeaders).flatMap(([name, value]) => {
    const key = name.toLowerCase()
    if (HOP_BY_HOP.includes(key)) return []
    if (!Object.hasOwn(own, key)) return [name, value]
    const replaced = own[key]
    return replaced === undefined ? [] : [name, replaced]
  })

const pairs = (raw: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : []))

/** Connects to a runtime's socket. Rejects when no runtime listens there: then nothing has been sent. */
export const connectTo = (socketPath: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    // It stays, because an error that nobody hears ends this process.
    socket.on("error", reject)
    socket.once("connect", () => resolve(socket))
  })

/**
 * Passes a request on to a runtime, and the answer back. A connection that the runtime cuts is cut here too.
 *
 * @param own headers with other values than the request's; `undefined` drops one.
 */
export const passOn = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  connection: Socket,
  own: Readonly<Record<string, string | undefined>>
): Promise<void> =>
  new Promise((resolve) => {
    const upstream = request({
      createConnection: () => connection,
      path: incoming.url,
      method: incoming.method,
      headers: [...forwarded(incoming, own), "connection", "close"]
    })
    const cut = () => {
      upstream.destroy()
      outgoing.destroy()
      resolve()
    }
    upstream.on("error", cut)
    outgoing.once("close", cut)
    upstream.once("response", (answer) => {
      const headers = pairs(answer.rawHeaders).filter(([name]) => {
        const key = name.toLowerCase()
        return !HOP_BY_HOP.includes(key) && key !== "transfer-encoding"
      })
      outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers.flat())
      outgoing.flushHeaders()
      answer.on("error", cut)
      answer.pipe(outgoing)
    })
    incoming.pipe(upstream)
  })

/** Passes a WebSocket on to a runtime, byte for byte. Resolves when it is closed. */
export const passOnUpgrade = (
  incoming: IncomingMessage,
  client: Duplex,
  head: Buffer,
  upstream: Socket,
  own: Readonly<Record<string, string | undefined>>
): Promise<void> =>
  new Promise((resolve) => {
    const cut = () => {
      upstream.destroy()
      client.destroy()
      resolve()
    }
    for (const side of [upstream, client]) side.on("error", cut).once("close", cut)
    const lines = pairs([...forwarded(incoming, own), "Connection", "Upgrade"]).map((pair) => pair.join(": "))
    upstream.write([`${incoming.method} ${incoming.url} HTTP/1.1`, ...lines, "", ""].join("\r\n"), "latin1")
    upstream.write(head)
    upstream.pipe(client)
    client.pipe(upstream)
  })
