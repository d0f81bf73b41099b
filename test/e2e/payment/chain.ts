import { spawn } from "node:child_process"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { createServer as createSocketServer } from "node:net"
import { text } from "node:stream/consumers"

/** The next behaviour of the proxy to the chain: nothing, lose the answer to a broadcast, or be down. */
export type Trouble = "none" | "lost answer" | "down"

interface Rpc {
  readonly id: number
  readonly method: string
  readonly params?: ReadonlyArray<{ readonly calls?: ReadonlyArray<object>; readonly from?: string }>
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createSocketServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/**
 * A Tempo chain with a proxy in front of it that can fail. Anvil 1.7.1 simulates a Tempo transaction without its calls, so the
 * proxy simulates them too, as a real node does.
 */
export const startChain = async () => {
  const port = await freePort()
  const options = `--network tempo --hardfork T4 --chain-id 1337 --host 127.0.0.1 --block-time 0.2 --silent --port ${port}`
  const anvil = createRequire(import.meta.url).resolve("@foundry-rs/anvil/bin.mjs")
  const child = spawn(process.execPath, [anvil, ...options.split(" ")], { stdio: "ignore" })
  const gone = new Promise((resolve) => child.once("exit", resolve))
  process.once("exit", () => child.kill())

  const direct = async (request: object): Promise<{ result?: unknown; error?: { message: string } }> => {
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...request })
    })
    return response.json() as Promise<{ result?: unknown }>
  }
  const simulated = async (request: Rpc) => {
    const transaction = request.params?.[0]
    for (const call of request.method === "eth_call" ? (transaction?.calls ?? []) : []) {
      const answer = await direct({ method: "eth_call", params: [{ from: transaction?.from, ...call }, "latest"] })
      if (answer.error !== undefined) return { ...answer, id: request.id }
    }
    return direct(request)
  }

  const state: { trouble: Trouble; broadcasts: number; requests: number } = {
    trouble: "none",
    broadcasts: 0,
    requests: 0
  }
  const way = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await text(incoming)
      if (state.trouble === "down") return incoming.socket.destroy()
      state.requests++
      const request = JSON.parse(body) as Rpc | ReadonlyArray<Rpc>
      const requests = Array.isArray(request) ? (request as ReadonlyArray<Rpc>) : [request as Rpc]
      const broadcast = requests.some(({ method }) => method.startsWith("eth_sendRaw"))
      const answers = await Promise.all(requests.map(simulated))
      const answer = JSON.stringify(Array.isArray(request) ? answers : answers[0])
      if (broadcast) state.broadcasts++
      if (broadcast && state.trouble === "lost answer") return incoming.socket.destroy()
      outgoing.setHeader("content-type", "application/json").end(answer)
    })()
  })
  await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve))

  const block = () => direct({ method: "eth_blockNumber", params: [] }).catch(() => ({ result: "0x0" }))
  while (Number((await block()).result) < 1) await new Promise((resolve) => setTimeout(resolve, 50))

  return {
    state,
    direct,
    url: `http://127.0.0.1:${(way.address() as AddressInfo).port}`,
    stop: async () => {
      way.closeAllConnections()
      way.close()
      child.kill()
      await gone
    }
  }
}
