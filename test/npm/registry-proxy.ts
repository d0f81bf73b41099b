import { createServer, Agent as HttpAgent, request as httpRequest } from "node:http"
import { Agent as HttpsAgent, request as httpsRequest } from "node:https"
import type { AddressInfo } from "node:net"
import { Transform } from "node:stream"
import { registry } from "../../src/bundler/generated/registry.js"

/** The registry that the survey installs from: NPM_REGISTRY, or the one that npm is configured for. */
export const realRegistry = process.env["NPM_REGISTRY"] || registry

/** Counts the requests and bytes through the proxy since the last reset. */
export interface Traffic {
  requests: number
  /** Bytes of answers, compressed as they came. */
  bytes: number
}

/** Passes each request on to the registry unchanged, and counts. It changes and keeps nothing. */
export const startRegistryProxy = async () => {
  if (realRegistry === "") throw new Error("No registry is known: set NPM_REGISTRY, or configure npm.")
  const { protocol, origin, pathname } = new URL(realRegistry)
  const secure = protocol === "https:"
  const options = { keepAlive: true, maxSockets: 12 }
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options)
  const traffic: Traffic = { requests: 0, bytes: 0 }
  const server = createServer((incoming, outgoing) => {
    traffic.requests++
    const { accept, "accept-encoding": encoding } = incoming.headers
    const headers = { ...(accept && { accept }), ...(encoding && { "accept-encoding": encoding }) }
    const outward = (secure ? httpsRequest : httpRequest)(`${origin}${incoming.url}`, { agent, headers }, (answer) => {
      const counted = new Transform({
        transform: (chunk: Buffer, _, done) => {
          traffic.bytes += chunk.length
          done(null, chunk)
        }
      })
      const { connection: _, "transfer-encoding": __, ...kept } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, kept)
      answer
        .on("error", () => outgoing.destroy())
        .pipe(counted)
        .pipe(outgoing)
    })
    outward.on("error", () => outgoing.destroy())
    outgoing.on("close", () => outward.destroy())
    outward.end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    /** The address to install from. */
    url: `http://127.0.0.1:${port}${pathname}`,
    /** The traffic since the last call. */
    take: (): Traffic => {
      const { requests, bytes } = traffic
      traffic.requests = traffic.bytes = 0
      return { requests, bytes }
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      agent.destroy()
    }
  }
}
