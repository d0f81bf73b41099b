import { type IncomingMessage, request, type ServerResponse } from "node:http"
import { connect } from "node:net"
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

/**
 * Passes a request on to a runtime's socket, and the answer back. A connection that the runtime cuts is cut here too.
 *
 * @param own headers with other values than the request's; `undefined` drops one.
 */
export const passOn = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  socketPath: string,
  own: Readonly<Record<string, string | undefined>>
): Promise<void> =>
  new Promise((resolve) => {
    const upstream = request({
      socketPath,
      path: incoming.url,
      method: incoming.method,
      headers: [...forwarded(incoming, own), "connection", "close"],
      agent: false
    })
    const cut = () => {
      upstream.destroy()
      outgoing.destroy()
      resolve()
    }
    upstream.once("error", cut)
    outgoing.once("close", cut)
    upstream.once("response", (answer) => {
      const headers = pairs(answer.rawHeaders).filter(([name]) => {
        const key = name.toLowerCase()
        return !HOP_BY_HOP.includes(key) && key !== "transfer-encoding"
      })
      outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers.flat())
      outgoing.flushHeaders()
      answer.once("error", cut)
      answer.pipe(outgoing)
    })
    incoming.pipe(upstream)
  })

/** Passes a WebSocket on to a runtime's socket, byte for byte. Resolves when it is closed. */
export const passOnUpgrade = (
  incoming: IncomingMessage,
  client: Duplex,
  head: Buffer,
  socketPath: string,
  own: Readonly<Record<string, string | undefined>>
): Promise<void> =>
  new Promise((resolve) => {
    const upstream = connect(socketPath)
    const cut = () => {
      upstream.destroy()
      client.destroy()
      resolve()
    }
    for (const side of [upstream, client]) side.once("error", cut).once("close", cut)
    upstream.once("connect", () => {
      const lines = pairs([...forwarded(incoming, own), "Connection", "Upgrade"]).map((pair) => pair.join(": "))
      upstream.write([`${incoming.method} ${incoming.url} HTTP/1.1`, ...lines, "", ""].join("\r\n"), "latin1")
      upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
  })
