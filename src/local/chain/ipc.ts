import { connect, type Socket } from "node:net"
import { createInterface } from "node:readline"

/** A JSON-RPC request without an id: the connection numbers its requests. */
export interface RpcCall {
  readonly method: string
  readonly params?: ReadonlyArray<unknown>
}

/** A JSON-RPC answer without an id. */
export interface RpcAnswer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** A connection to a node by a Unix socket, which no browser and no other machine can open. */
export interface Ipc {
  /** Rejects when the node does not answer in 30 s, or its socket cannot be opened. */
  readonly call: (request: RpcCall) => Promise<RpcAnswer>
  readonly close: () => void
}

interface Waiting {
  readonly resolve: (answer: RpcAnswer) => void
  readonly reject: (cause: Error) => void
}

const TIMEOUT_MS = 30_000

/**
 * Makes one connection. The first call opens it, and the first call after a failure opens it again. Answers come in any order.
 */
export const makeIpc = (path: string): Ipc => {
  const waiting = new Map<number, Waiting>()
  let socket: Socket | undefined
  let last = 0

  const open = (): Socket => {
    const opened = connect(path)
    const fail = (cause: Error): void => {
      if (socket !== opened) return
      socket = undefined
      for (const { reject } of waiting.values()) reject(cause)
      waiting.clear()
    }
    opened.on("error", fail).on("close", () => fail(new Error("the chain closed its socket")))
    // The node writes each answer as one line. The reader repeats the socket's errors, which `fail` handles above.
    const lines = createInterface({ input: opened })
    lines.on("error", () => {})
    lines.on("line", (line) => {
      const { id, ...answer } = JSON.parse(line) as RpcAnswer & { readonly id: number }
      waiting.get(id)?.resolve(answer)
    })
    return opened
  }

  return {
    call: ({ method, params = [] }) => {
      const id = ++last
      const answer = new Promise<RpcAnswer>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        setTimeout(() => reject(new Error(`the chain does not answer ${method}`)), TIMEOUT_MS).unref()
        socket ??= open()
        socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`)
      })
      return answer.finally(() => waiting.delete(id))
    },
    close: () => {
      socket?.destroy()
      socket = undefined
    }
  }
}
