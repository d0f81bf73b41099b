import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { text } from "node:stream/consumers"
import { type Address, createClient, defineChain, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions } from "viem/tempo"
import { faucetPrivateKey, pathUsd } from "./accounts.ts"

interface Call {
  readonly to?: string
  readonly data?: string
  readonly input?: string
}

interface RpcRequest {
  readonly jsonrpc: "2.0"
  readonly id: unknown
  readonly method: string
  readonly params?: ReadonlyArray<unknown>
}

interface RpcResponse {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** A JSON-RPC server that can be ended; ending it cuts the connections it has. */
export interface RpcShim {
  readonly stop: () => Promise<void>
}

/**
 * JSON-RPC in front of a Tempo-mode anvil 1.7.1, which differs from a Tempo node in two ways that matter here:
 *
 * - it ignores `calls` of a 0x76 transaction in `eth_call` and `eth_estimateGas`, so that a transfer above the balance
 *   simulates well: each call is run by itself first (each on the latest state; exact for the one call of a charge);
 * - it lacks the faucet, `tempo_fundAddress`: dev account #9 pays 1,000 pathUSD.
 */
export const startRpcShim = async (options: {
  readonly port: number
  readonly upstream: string
  readonly chainId: number
}): Promise<RpcShim> => {
  const forward = async (request: RpcRequest): Promise<RpcResponse> => {
    const response = await fetch(options.upstream, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request)
    })
    return (await response.json()) as RpcResponse
  }
  const fund = faucet(options.upstream, options.chainId)

  const answer = async (request: RpcRequest): Promise<RpcResponse> => {
    if (request.method === "tempo_fundAddress") {
      const result = [await fund(request.params?.[0] as Address)]
      return { jsonrpc: "2.0", id: request.id, result } as RpcResponse
    }
    if (request.method === "eth_call" || request.method === "eth_estimateGas") {
      const [transaction, ...rest] = (request.params ?? []) as [{ from?: string; calls?: ReadonlyArray<Call> }?]
      for (const call of transaction?.calls ?? []) {
        const { to, data = call.input } = call
        const params = [{ from: transaction?.from, to, data }, ...rest]
        const outcome = await forward({ ...request, method: "eth_call", params })
        if (outcome.error !== undefined) return outcome
      }
    }
    return forward(request)
  }

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing, answer))
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port, "127.0.0.1", resolve))
  return {
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

const serve = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: RpcRequest) => Promise<RpcResponse>
): Promise<void> => {
  try {
    const body = JSON.parse(await text(incoming)) as RpcRequest | ReadonlyArray<RpcRequest>
    const answers = Array.isArray(body) ? await Promise.all(body.map(answer)) : await answer(body as RpcRequest)
    outgoing.setHeader("content-type", "application/json").end(JSON.stringify(answers))
  } catch (cause) {
    // Text, as a proxy in front of a node that is down would say it.
    outgoing.writeHead(502, { "content-type": "text/plain" }).end(`The local chain does not answer: ${String(cause)}`)
  }
}

/** One transfer after the other: two at once would take the same nonce. */
const faucet = (upstream: string, id: number): ((to: Address) => Promise<string>) => {
  const chain = defineChain({ ...tempoLocalnet, id, rpcUrls: { default: { http: [upstream] } } })
  const client = createClient({ chain, transport: http(upstream), account: privateKeyToAccount(faucetPrivateKey) })
  let last: Promise<unknown> = Promise.resolve()
  return (to) => {
    const transfer = last.then(() =>
      Actions.token.transferSync(client, { to, amount: 1_000_000_000n, token: pathUsd, feeToken: pathUsd })
    )
    last = transfer.catch(() => {})
    return transfer.then(({ receipt }) => receipt.transactionHash)
  }
}
