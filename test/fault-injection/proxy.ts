import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"

/** A request on its way. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** An answer on its way back. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** What becomes of a request: an answer, whoever gave it, or a connection that is cut. */
export type Fate = Reply | "cut"

/** Takes a request into its hands, or leaves it to others (`undefined`). `forward` sends it on and may be called late, or never. */
export type Rule = (exchange: Exchange, forward: () => Promise<Reply>) => Promise<Fate> | undefined

/** A proxy with rules. */
export interface Way {
  readonly url: string
  /** Asked in the order in which they were added; the first that takes a request has it. */
  readonly rules: Set<Rule>
  /** Told of every answer that came from behind, before it goes on. */
  readonly watchers: Set<(reply: Reply) => void>
  readonly stop: () => Promise<void>
}

/** Starts a proxy to `upstream` on a free port of 127.0.0.1. Without rules it passes everything on. */
export const startWay = async (upstream: string): Promise<Way> => {
  const rules = new Set<Rule>()
  const watchers = new Set<(reply: Reply) => void>()
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url: path = "/" } = incoming
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).flatMap(([name, value]) =>
        typeof value === "string" && !hopByHop.has(name) ? [[name, value]] : []
      )
    )
    const body = await buffer(incoming)
    const forward = async () => {
      const answer = await send(upstream, { method, path, headers, body })
      for (const watch of watchers) watch(answer)
      return answer
    }
    let fate: Fate
    try {
      fate = await (firstOf(rules, { method, path, headers, body }, forward) ?? forward())
    } catch {
      fate = "cut" // nobody listens behind us
    }
    if (fate === "cut") return void incoming.socket.resetAndDestroy()
    outgoing.writeHead(fate.status, { ...fate.headers }).end(fate.body)
  }
  const server = createServer(
    (incoming, outgoing) => void serve(incoming, outgoing).catch(() => incoming.socket.destroy())
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rules,
    watchers,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

/** An answer of our own. */
export const reply = (status: number, body: object | string): Reply => ({
  status,
  headers: { "content-type": typeof body === "string" ? "text/plain; charset=UTF-8" : "application/json" },
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
})

const hopByHop = new Set(["connection", "host", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"])

const firstOf = (rules: ReadonlySet<Rule>, exchange: Exchange, forward: () => Promise<Reply>) => {
  for (const rule of rules) {
    const fate = rule(exchange, forward)
    if (fate !== undefined) return fate
  }
  return undefined
}

const send = async (upstream: string, { method, path, headers, body }: Exchange): Promise<Reply> => {
  const init = { method, headers, redirect: "manual" as const }
  const response = await fetch(
    upstream + path,
    method === "GET" || method === "HEAD" ? init : { ...init, body: new Uint8Array(body) }
  )
  const kept = [...response.headers].filter(([name]) => !hopByHop.has(name) && name !== "content-encoding")
  return { status: response.status, headers: Object.fromEntries(kept), body: Buffer.from(await response.arrayBuffer()) }
}
