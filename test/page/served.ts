import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"

/** A server on this machine, and its address. */
export interface Served {
  readonly origin: string
  readonly close: () => Promise<void>
}

const listen = async (server: Server, host: string): Promise<Served> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
  }
}

/** Serves a gateway to a browser. */
export const serveGateway = (handler: (request: Request) => Promise<Response>): Promise<Served> =>
  listen(
    createServer(async (message, answer) => {
      const chunks: Array<Buffer> = []
      for await (const chunk of message) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks)
      const request = new Request(`http://${message.headers.host}${message.url}`, {
        method: message.method ?? "GET",
        headers: Object.entries(message.headers).map(([name, value]) => [name, String(value)] as [string, string]),
        ...(body.length > 0 && { body })
      })
      const response = await handler(request)
      answer.writeHead(response.status, Object.fromEntries(response.headers))
      answer.end(Buffer.from(await response.arrayBuffer()))
    }),
    "127.0.0.1"
  )

/** Serves a page of another site. A browser takes `localhost` and `127.0.0.1` for two sites. */
export const servePage = (html: string): Promise<Served> =>
  listen(
    createServer((_, answer) => {
      answer.writeHead(200, { "content-type": "text/html; charset=utf-8" })
      answer.end(html)
    }),
    "localhost"
  )
