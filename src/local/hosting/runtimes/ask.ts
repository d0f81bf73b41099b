import { request } from "node:http"
import { text } from "node:stream/consumers"

/** An answer of one of our own Workers. */
export interface Reply {
  readonly status: number
  readonly body: string
}

/** Sends a request of our own to a runtime's socket: JSON by POST, or a GET without a body. */
export const ask = (
  socketPath: string,
  path: string,
  {
    body,
    timeoutMs = 30_000,
    port
  }: { readonly body?: unknown; readonly timeoutMs?: number; /** The port in `Host`. */ readonly port?: number } = {}
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const sent = request({
      socketPath,
      path,
      method: body === undefined ? "GET" : "POST",
      headers: { host: port === undefined ? "localhost" : `localhost:${port}` },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs)
    })
    sent.once("error", reject)
    sent.once("response", (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject)
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
