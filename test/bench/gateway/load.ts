import { connect } from "node:net"

/** A call that the load repeats. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The result of a load: ascending latencies in milliseconds, and the number of answers with each status. */
export interface Met {
  readonly requests: number
  readonly seconds: number
  readonly latencies: ReadonlyArray<number>
  readonly statuses: ReadonlyMap<number, number>
}

const bytesOf = ({ method, path, body, headers = {} }: Call) =>
  Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("") +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )

/** Returns the length of the first whole answer in `text`, or 0 while it is not complete. */
const answerLength = (text: string): number => {
  const head = text.indexOf("\r\n\r\n")
  if (head < 0) return 0
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head + 2)) ?? []
  if (length !== undefined) return text.length >= head + 4 + Number(length) ? head + 4 + Number(length) : 0
  const end = text.indexOf("\r\n0\r\n\r\n", head)
  return end < 0 ? 0 : end + 7
}

/**
 * Repeats a call over some connections, one after each answer, for some time. It makes sockets and bytes beforehand, because
 * the machine's other core belongs to the server.
 *
 * @throws Error if an answer has another status than `expected`, or a connection breaks.
 */
export const load = (
  port: number,
  call: Call,
  options: { readonly connections: number; readonly millis: number; readonly expected: number }
): Promise<Met> =>
  new Promise((resolve, reject) => {
    const bytes = bytesOf(call)
    const latencies: Array<number> = []
    const statuses = new Map<number, number>()
    const start = performance.now()
    const end = start + options.millis
    let open = options.connections
    const ended = () => {
      open--
      if (open > 0) return
      const seconds = (performance.now() - start) / 1000
      resolve({ requests: latencies.length, seconds, latencies: latencies.toSorted((a, b) => a - b), statuses })
    }
    for (let index = 0; index < options.connections; index++) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true })
      socket.setEncoding("latin1")
      let since = 0
      let got = ""
      const send = () => {
        since = performance.now()
        socket.write(bytes)
      }
      socket.on("connect", send)
      socket.on("error", reject)
      socket.on("data", (chunk: string) => {
        got += chunk
        const length = answerLength(got)
        if (length === 0) return
        const now = performance.now()
        const status = Number(got.slice(9, 12))
        if (status !== options.expected) {
          socket.destroy()
          reject(new Error(`answered ${status}, not ${options.expected}: ${got.slice(0, 1000)}`))
          return
        }
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        latencies.push(now - since)
        got = got.slice(length)
        if (now < end) return send()
        socket.destroy()
        ended()
      })
    }
  })

/** Sends one call and waits for its answer; connection refused is an error. */
export const once = async (port: number, call: Call, expected: number): Promise<void> => {
  await load(port, call, { connections: 1, millis: 0, expected })
}
