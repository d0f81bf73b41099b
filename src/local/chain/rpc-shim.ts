import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { type Address, createClient, custom, defineChain } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions } from "viem/tempo"
import { PATH_USD } from "../../domain/currencies.ts"
import { faucetPrivateKey } from "./accounts.ts"
import type { Ipc, RpcAnswer, RpcCall } from "./ipc.ts"
import { isAllowed, refuseRequest } from "./rpc-access.ts"
import { simulate } from "./simulate.ts"
import { ownHosts } from "../system/hosts.ts"

interface RpcRequest extends RpcCall {
  readonly id: unknown
}

/** A JSON-RPC server. `stop` closes its open connections at once. */
export interface RpcShim {
  readonly stop: () => Promise<void>
}

/**
 * Serves JSON-RPC in front of a Tempo-mode anvil 1.7.1, which differs from a Tempo node in three ways that matter here:
 *
 * - anvil does not simulate what it estimates and fills (`simulate.ts`).
 * - anvil lacks the faucet, `tempo_fundAddress`. In the shim, dev account #9 pays 1,000 pathUSD.
 * - anvil lets any client rewrite the chain. The shim passes on only a public node's methods, and none for a page in a browser.
 */
export const startRpcShim = async (options: {
  readonly port: number
  readonly upstream: Ipc
  readonly chainId: number
}): Promise<RpcShim> => {
  const { upstream } = options
  const fund = faucet(upstream, options.chainId)

  const run = async ({ method, params = [] }: RpcCall): Promise<RpcAnswer> => {
    if (!isAllowed(method))
      return { error: { code: -32601, message: `The method ${method} is not available on this chain.` } }
    if (method === "tempo_fundAddress") return { result: [await fund(params[0] as Address)] }
    return simulate(upstream, { method, params })
  }
  const answer = async (request: RpcRequest) => ({ jsonrpc: "2.0", id: request.id, ...(await run(request)) })

  const hosts = ownHosts(options.port)
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing, hosts, answer))
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port, "127.0.0.1", resolve))
  return {
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

/** The most bytes of a request body. */
const MAX_BODY = 1_048_576

const serve = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  hosts: ReadonlyArray<string>,
  answer: (request: RpcRequest) => Promise<object>
): Promise<void> => {
  const respond = (status: number, text: string): void => {
    // The shim does not read the rest of the body, so the connection ends with the answer.
    outgoing.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${text}\n`)
  }
  const refusal = refuseRequest(incoming, hosts)
  if (refusal !== undefined) return respond(refusal.status, refusal.text)
  try {
    const text = await readText(incoming)
    if (text === undefined) return respond(413, `A request has at most ${MAX_BODY} bytes.`)
    const body = parse(text)
    const requests = Array.isArray(body) ? body : [body]
    if (!requests.every(isRequest)) return respond(400, "The body is not a JSON-RPC request.")
    const answers = await Promise.all(requests.map(answer))
    outgoing.setHeader("content-type", "application/json")
    outgoing.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]))
  } catch (cause) {
    // The answer is plain text, like that of a proxy in front of a node that is down.
    respond(502, `The local chain does not answer: ${String(cause)}`)
  }
}

const readText = async (incoming: IncomingMessage): Promise<string | undefined> => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isRequest = (value: unknown): value is RpcRequest =>
  typeof value === "object" &&
  value !== null &&
  "method" in value &&
  typeof value.method === "string" &&
  (!("params" in value) || Array.isArray(value.params))

/** Makes one transfer after the other, because two at once would take the same nonce. */
const faucet = (upstream: Ipc, id: number): ((to: Address) => Promise<string>) => {
  const request = async (call: RpcCall): Promise<unknown> => {
    const { result, error } = await upstream.call(call)
    if (error !== undefined) throw Object.assign(new Error(error.message), error)
    return result
  }
  const chain = defineChain({ ...tempoLocalnet, id })
  const client = createClient({
    chain,
    transport: custom({ request }),
    account: privateKeyToAccount(faucetPrivateKey)
  })
  let last: Promise<unknown> = Promise.resolve()
  return (to) => {
    const transfer = last.then(() =>
      Actions.token.transferSync(client, { to, amount: 1_000_000_000n, token: PATH_USD, feeToken: PATH_USD })
    )
    last = transfer.catch(() => {})
    return transfer.then(({ receipt }) => receipt.transactionHash)
  }
}
