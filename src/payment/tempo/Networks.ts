import { type Client, createClient, type Hex, http, type Transport } from "viem"
import { tempo, tempoLocalnet, tempoModerato } from "viem/tempo/chains"

const chains = { mainnet: tempo, testnet: tempoModerato, local: tempoLocalnet }

/** Longer than any answer of a healthy node; short enough to ask twice within a payment's life. */
const READ_MILLIS = 4_000

/** A broadcast waits for its block: half a second on Tempo. Past this, `find` takes over. */
const BROADCAST_MILLIS = 8_000

/** A transaction's receipt as JSON-RPC words it; of its fields, those that are read here. */
export interface RpcReceipt {
  readonly status: Hex
  readonly transactionHash: Hex
  readonly blockNumber: Hex | null
}

/** The chain by its JSON-RPC. */
export interface Network {
  readonly chainId: number
  /** For viem's own actions; repeats a question once. */
  readonly client: Client<Transport, (typeof chains)[keyof typeof chains]>
  /** Sends a signed transaction and waits for its receipt. Never repeats: a lost answer would come back as "known". */
  readonly broadcast: (transaction: Hex) => Promise<RpcReceipt>
  readonly receipt: (hash: Hex) => Promise<RpcReceipt | null>
  /** The chain's own clock: its latest block's timestamp, in unix seconds. */
  readonly clock: () => Promise<number>
}

/**
 * Talks to a Tempo network. The requests below are made by hand because viem's `getTransactionReceipt` hands concurrent
 * callers one shared promise: in a Worker, a promise that belongs to a request that was cancelled never settles, and
 * whoever asks for that receipt later would wait for it for ever.
 */
export const makeNetwork = (name: keyof typeof chains, url: string | undefined): Network => {
  const chain = chains[name]
  const client = createClient({ chain, transport: http(url, { retryCount: 1, retryDelay: 250, timeout: READ_MILLIS }) })
  const once = createClient({ chain, transport: http(url, { retryCount: 0, timeout: BROADCAST_MILLIS }) })
  return {
    chainId: chain.id,
    client,
    broadcast: (transaction) =>
      once.request<{ Method: "eth_sendRawTransactionSync"; Parameters: [Hex]; ReturnType: RpcReceipt }>({
        method: "eth_sendRawTransactionSync",
        params: [transaction]
      }),
    receipt: (hash) =>
      client.request<{ Method: "eth_getTransactionReceipt"; Parameters: [Hex]; ReturnType: RpcReceipt | null }>({
        method: "eth_getTransactionReceipt",
        params: [hash]
      }),
    clock: async () => {
      const block = await client.request<{
        Method: "eth_getBlockByNumber"
        Parameters: ["latest", false]
        ReturnType: { readonly timestamp: Hex }
      }>({ method: "eth_getBlockByNumber", params: ["latest", false] })
      return Number(block.timestamp)
    }
  }
}
