import * as TransactionRequest from "ox/tempo/TransactionRequest"
import type { TxEnvelopeTempo } from "ox/tempo/TxEnvelopeTempo"
import { createClient, type Hex, http } from "viem"
import { selectorOf, word } from "./words.ts"

/**
 * Tempo's networks and their public nodes, as viem has them (a test compares). viem's own definitions bring all of its
 * Tempo actions along, and every isolate would read 400 KB of code before it answers anything.
 */
export const networks = {
  mainnet: { chainId: 4217, rpcUrl: "https://rpc.tempo.xyz" },
  testnet: { chainId: 42431, rpcUrl: "https://rpc.moderato.tempo.xyz" },
  local: { chainId: 1337, rpcUrl: "http://localhost:8545" }
} as const

/** Longer than any answer of a healthy node; short enough to ask twice within a payment's life. */
const READ_MILLIS = 4_000

/** A broadcast waits for its block: half a second on Tempo. Past this, `find` takes over. */
const BROADCAST_MILLIS = 8_000

/** The precompile that counts the nonces of keys other than 0 (Tempo's interface `INonce`). */
const nonceManager = "0x4e4f4e4345000000000000000000000000000000"

/** A transaction's receipt as JSON-RPC words it; of its fields, those that are read here. */
export interface RpcReceipt {
  readonly status: Hex
  readonly transactionHash: Hex
  readonly blockNumber: Hex | null
}

/** The chain by its JSON-RPC. What only asks is repeated once. */
export interface Network {
  readonly chainId: number
  /** Has the node try a transaction on the latest state; rejects when it would fail. */
  readonly simulate: (transaction: TxEnvelopeTempo) => Promise<void>
  /** The nonce that an account's next transaction has to have; the key 0 is Ethereum's own. */
  readonly nextNonce: (account: Hex, nonceKey: bigint) => Promise<bigint>
  /** Sends a signed transaction and waits for its receipt. Never repeats: a lost answer would come back as "known". */
  readonly broadcast: (transaction: Hex) => Promise<RpcReceipt>
  readonly receipt: (hash: Hex) => Promise<RpcReceipt | null>
  /** The chain's own clock: its latest block's timestamp, in unix seconds. */
  readonly clock: () => Promise<number>
}

/**
 * Talks to a Tempo network, through viem's transport and nothing more of it: its `getTransactionReceipt` hands concurrent
 * callers one shared promise. In a Worker, a promise that belongs to a request that was cancelled never settles, and
 * whoever asks for that receipt later would wait for it for ever.
 */
export const makeNetwork = (name: keyof typeof networks, url: string | undefined): Network => {
  const { chainId, rpcUrl } = networks[name]
  const asking = createClient({
    transport: http(url ?? rpcUrl, { retryCount: 1, retryDelay: 250, timeout: READ_MILLIS })
  })
  const once = createClient({ transport: http(url ?? rpcUrl, { retryCount: 0, timeout: BROADCAST_MILLIS }) })

  const ask = <A>(method: string, ...params: ReadonlyArray<unknown>): Promise<A> =>
    asking.request<{ Method: string; Parameters: ReadonlyArray<unknown>; ReturnType: A }>({ method, params })

  return {
    chainId,
    simulate: async (transaction) => {
      await ask("eth_call", callOf(transaction), "latest")
    },
    nextNonce: async (account, nonceKey) => {
      if (nonceKey === 0n) return BigInt(await ask<Hex>("eth_getTransactionCount", account, "latest"))
      const data = selectorOf("getNonce(address,uint256)") + word(BigInt(account)) + word(nonceKey)
      return BigInt(await ask<Hex>("eth_call", { to: nonceManager, data }, "latest"))
    },
    broadcast: (transaction) =>
      once.request<{ Method: "eth_sendRawTransactionSync"; Parameters: [Hex]; ReturnType: RpcReceipt }>({
        method: "eth_sendRawTransactionSync",
        params: [transaction]
      }),
    receipt: (hash) => ask<RpcReceipt | null>("eth_getTransactionReceipt", hash),
    clock: async () =>
      Number((await ask<{ readonly timestamp: Hex }>("eth_getBlockByNumber", "latest", false)).timestamp)
  }
}

/** A transaction as `eth_call` takes it: without its signatures, which the node checks when it is sent. */
const callOf = (transaction: TxEnvelopeTempo) =>
  TransactionRequest.toRpc({ ...transaction, nonce: transaction.nonce ?? 0n } as TransactionRequest.TransactionRequest)
