import * as Schema from "effect/Schema"
import * as TransactionRequest from "ox/tempo/TransactionRequest"
import type { TxEnvelopeTempo } from "ox/tempo/TxEnvelopeTempo"
import { createClient, type Hex, http, isHex } from "viem"
import { selectorOf, encodeWord } from "./abi.ts"
import { type BatchSupport, makeBatchFetch } from "./batch.ts"

/**
 * Tempo's networks and their public nodes, as in viem (a test compares). viem's own definitions include all of its Tempo
 * actions, so every isolate would load 400 KB of code before its first answer.
 */
export const networks = {
  mainnet: { chainId: 4217, rpcUrl: "https://rpc.tempo.xyz" },
  testnet: { chainId: 42431, rpcUrl: "https://rpc.moderato.tempo.xyz" },
  local: { chainId: 1337, rpcUrl: "http://localhost:8545" }
} as const

/**
 * The time limit of a read, in milliseconds. It is longer than any answer of a healthy node takes, and short enough to ask
 * twice before a payment expires.
 */
const READ_MILLIS = 4_000

/** A broadcast waits for its block: half a second on Tempo. After this time `find` asks for the receipt. */
const BROADCAST_MILLIS = 8_000

/** The precompile that counts the nonces of all nonce keys but 0 (Tempo's interface `INonce`). */
const NONCE_MANAGER = "0x4e4f4e4345000000000000000000000000000000"

/** The fields of JSON-RPC's receipt that the gateway reads. */
const RpcReceipt = Schema.Struct({
  status: Schema.String,
  transactionHash: Schema.String,
  blockNumber: Schema.NullOr(Schema.String)
})
/** A transaction's receipt in JSON-RPC. */
export type RpcReceipt = typeof RpcReceipt.Type

const decodeReceipt = Schema.decodeUnknownSync(RpcReceipt)
const decodeBlock = Schema.decodeUnknownSync(
  Schema.Struct({ timestamp: Schema.String, baseFeePerGas: Schema.optionalKey(Schema.String) })
)

/** The questions to the chain. They change nothing, and each is repeated once. */
export interface ChainReader {
  /** The node tries a transaction on the latest state. Rejects if the transaction would fail. */
  readonly simulate: (transaction: TxEnvelopeTempo) => Promise<void>
  /** The nonce of an account's next transaction; the key 0 is Ethereum's own. */
  readonly nextNonce: (account: Hex, nonceKey: bigint) => Promise<bigint>
  /**
   * Returns a contract's answer to a call that changes nothing. `from` is the caller, if that matters. Rejects with viem's
   * `RpcRequestError` if the contract reverts.
   */
  readonly view: (to: Hex, data: Hex, from?: Hex) => Promise<Hex>
  /** The price of gas in the latest block, in 10^-18 dollars. */
  readonly baseFee: () => Promise<bigint>
  readonly receipt: (hash: Hex) => Promise<RpcReceipt | null>
  /** The chain's own clock: its latest block's timestamp, in unix seconds. */
  readonly clock: () => Promise<number>
}

/** The chain by its JSON-RPC. */
export interface Network extends ChainReader {
  readonly chainId: number
  /**
   * Sends a signed transaction and waits for its receipt. Rejects without one. It never repeats, because after a lost answer
   * the node would say "known".
   */
  readonly broadcast: (transaction: Hex) => Promise<RpcReceipt>
  /** The same chain for the questions of one payment: those that are asked at once leave as one request. */
  readonly batched: () => ChainReader
}

/**
 * Connects to a Tempo network. It uses only viem's transport, because viem's `getTransactionReceipt` gives concurrent
 * callers one shared promise. In a Worker, the promise of a cancelled request never settles, and later callers that ask
 * for the same receipt would wait forever.
 */
export const makeNetwork = (name: keyof typeof networks, url: string | undefined): Network => {
  const { chainId, rpcUrl } = networks[name]
  const node = url ?? rpcUrl
  const read = { retryCount: 1, retryDelay: 250, timeout: READ_MILLIS, onFetchResponse: rejectOverloaded }
  const broadcastClient = createClient({ transport: http(node, { retryCount: 0, timeout: BROADCAST_MILLIS }) })
  const support: BatchSupport = { refused: false }

  return {
    chainId,
    ...makeReader(createClient({ transport: http(node, read) })),
    broadcast: async (transaction) =>
      decodeReceipt(await send(broadcastClient, "eth_sendRawTransactionSync", [transaction])),
    batched: () => {
      const fetchFn = makeBatchFetch(support, rejectOverloaded)
      return makeReader(createClient({ transport: http(node, { ...read, fetchFn }) }))
    }
  }
}

type Client = ReturnType<typeof createClient>

// A node may answer anything, so answers are `unknown` until decoded.
const send = ({ request }: Client, method: string, params: ReadonlyArray<unknown>): Promise<unknown> =>
  request<{ Method: string; Parameters: ReadonlyArray<unknown>; ReturnType: unknown }>({ method, params })

const makeReader = (client: Client): ChainReader => {
  const request = (method: string, ...params: ReadonlyArray<unknown>) => send(client, method, params)
  return {
    simulate: async (transaction) => {
      if (!isHex(await request("eth_call", toRpcCall(transaction), "latest"))) throw new Error("no result of a call")
    },
    view: async (to, data, from) => {
      const answer = await request("eth_call", { to, data, ...(from !== undefined && { from }) }, "latest")
      if (!isHex(answer)) throw new Error("no result of a call")
      return answer
    },
    baseFee: async () =>
      parseNumber(decodeBlock(await request("eth_getBlockByNumber", "latest", false)).baseFeePerGas, QUANTITY),
    nextNonce: async (account, nonceKey) => {
      if (nonceKey === 0n) return parseNumber(await request("eth_getTransactionCount", account, "latest"), QUANTITY)
      const data = selectorOf("getNonce(address,uint256)") + encodeWord(BigInt(account)) + encodeWord(nonceKey)
      return parseNumber(await request("eth_call", { to: NONCE_MANAGER, data }, "latest"), NONCE_WORD)
    },
    receipt: async (hash) => {
      const answer = await request("eth_getTransactionReceipt", hash)
      return answer === null ? null : decodeReceipt(answer)
    },
    clock: async () => Number(decodeBlock(await request("eth_getBlockByNumber", "latest", false)).timestamp)
  }
}

/** Throws for an overloaded or broken node, because its JSON-RPC answer does not answer the question. */
const rejectOverloaded = ({ status }: Response): void => {
  if (status === 429 || status >= 500) throw new Error(`HTTP ${status}`)
}

/** The form of a nonce (64 bits) in JSON-RPC and in a contract's answer. */
const QUANTITY = /^0x[0-9a-f]{1,16}$/i
const NONCE_WORD = /^0x0{48}[0-9a-f]{16}$/i

/** Throws for text that is not a number, because JavaScript's conversion would yield 0. */
const parseNumber = (answer: unknown, form: RegExp): bigint => {
  if (typeof answer === "string" && form.test(answer)) return BigInt(answer)
  throw new Error("no number")
}

/**
 * Returns the transaction in the form of `eth_call`, without its signatures, because the node checks those when it is sent. RLP
 * has no 0.
 */
const toRpcCall = (transaction: TxEnvelopeTempo) =>
  TransactionRequest.toRpc({ ...transaction, nonce: transaction.nonce ?? 0n } as TransactionRequest.TransactionRequest)
