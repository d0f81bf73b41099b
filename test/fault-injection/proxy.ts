import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"

/** A request in transit. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** An answer in transit. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The outcome of a request: an answer, from the upstream or from a rule, or a connection that is cut. */
export type ProxiedResponse = Reply | "cut"

/** Handles a request, or leaves it to other rules (`undefined`). `forward` sends it on and may be called late, or never. */
export type Rule = (exchange: Exchange, forward: () => Promise<Reply>) => Promise<ProxiedResponse> | undefined

/** A proxy with rules. */
export interface Proxy {
  readonly url: string
  /** The rules, tried in the order in which they were added. The first that handles a request decides. */
  readonly rules: Set<Rule>
  /** Receives every answer of the upstream before the client does. */
  readonly watchers: Set<(reply: Reply) => void>
  readonly stop: () => Promise<void>
}

/** Starts a proxy to `upstream` on a free port of 127.0.0.1. Without rules it passes everything on. */
export const startProxy = async (upstream: string): Promise<Proxy> => {
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
    let response: ProxiedResponse
    try {
      response = await (firstOf(rules, { method, path, headers, body }, forward) ?? forward())
    } catch {
      response = "cut" // The upstream does not listen.
    }
    if (response === "cut") return void incoming.socket.resetAndDestroy()
    outgoing.writeHead(response.status, { ...response.headers }).end(response.body)
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

/** Makes an answer of the proxy itself. */
export const reply = (status: number, body: object | string): Reply => ({
  status,
  headers: { "content-type": typeof body === "string" ? "text/plain; charset=UTF-8" : "application/json" },
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
})

const hopByHop = new Set(["connection", "host", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"])

const firstOf = (rules: ReadonlySet<Rule>, exchange: Exchange, forward: () => Promise<Reply>) => {
  for (const rule of rules) {
    const response = rule(exchange, forward)
    if (response !== undefined) return response
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
