import * as Schema from "effect/Schema"
import * as TransactionRequest from "ox/tempo/TransactionRequest"
import type { TxEnvelopeTempo } from "ox/tempo/TxEnvelopeTempo"
import { createClient, type Hex, http, isHex } from "viem"
import { selectorOf, word } from "./abi.ts"

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
const RpcReceipt = Schema.Struct({
  status: Schema.String,
  transactionHash: Schema.String,
  blockNumber: Schema.NullOr(Schema.String)
})
/** A transaction's receipt as JSON-RPC words it. */
export type RpcReceipt = typeof RpcReceipt.Type

const receiptIn = Schema.decodeUnknownSync(RpcReceipt)
const blockIn = Schema.decodeUnknownSync(
  Schema.Struct({ timestamp: Schema.String, baseFeePerGas: Schema.optionalKey(Schema.String) })
)

/** The chain by its JSON-RPC. What only asks is repeated once. */
export interface Network {
  readonly chainId: number
  /** Has the node try a transaction on the latest state; rejects when it would fail. */
  readonly simulate: (transaction: TxEnvelopeTempo) => Promise<void>
  /** The nonce that an account's next transaction has to have; the key 0 is Ethereum's own. */
  readonly nextNonce: (account: Hex, nonceKey: bigint) => Promise<bigint>
  /** Sends a signed transaction and waits for its receipt; rejects when it is given none. Never repeats: a lost answer would come back as "known". */
  readonly broadcast: (transaction: Hex) => Promise<RpcReceipt>
  /**
   * A contract's answer to a call that changes nothing; `from` is the caller, if it matters. Rejects with viem's
   * `RpcRequestError` when the contract reverts.
   */
  readonly view: (to: Hex, data: Hex, from?: Hex) => Promise<Hex>
  /** The price of gas in the latest block, in 10^-18 dollars. */
  readonly baseFee: () => Promise<bigint>
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
    transport: http(url ?? rpcUrl, { retryCount: 1, retryDelay: 250, timeout: READ_MILLIS, onFetchResponse: inService })
  })
  const once = createClient({ transport: http(url ?? rpcUrl, { retryCount: 0, timeout: BROADCAST_MILLIS }) })

  // A node may answer anything: it is unknown until checked.
  const call = ({ request }: typeof asking, method: string, params: ReadonlyArray<unknown>): Promise<unknown> =>
    request<{ Method: string; Parameters: ReadonlyArray<unknown>; ReturnType: unknown }>({ method, params })
  const ask = (method: string, ...params: ReadonlyArray<unknown>) => call(asking, method, params)

  return {
    chainId,
    simulate: async (transaction) => {
      if (!isHex(await ask("eth_call", callOf(transaction), "latest"))) throw new Error("no result of a call")
    },
    view: async (to, data, from) => {
      const answer = await ask("eth_call", { to, data, ...(from !== undefined && { from }) }, "latest")
      if (!isHex(answer)) throw new Error("no result of a call")
      return answer
    },
    baseFee: async () => numberIn(blockIn(await ask("eth_getBlockByNumber", "latest", false)).baseFeePerGas, quantity),
    nextNonce: async (account, nonceKey) => {
      if (nonceKey === 0n) return numberIn(await ask("eth_getTransactionCount", account, "latest"), quantity)
      const data = selectorOf("getNonce(address,uint256)") + word(BigInt(account)) + word(nonceKey)
      return numberIn(await ask("eth_call", { to: nonceManager, data }, "latest"), nonceWord)
    },
    broadcast: async (transaction) => receiptIn(await call(once, "eth_sendRawTransactionSync", [transaction])),
    receipt: async (hash) => {
      const answer = await ask("eth_getTransactionReceipt", hash)
      return answer === null ? null : receiptIn(answer)
    },
    clock: async () => Number(blockIn(await ask("eth_getBlockByNumber", "latest", false)).timestamp)
  }
}

/** A node that is overloaded or broken says nothing about the question, even where it answers in JSON-RPC. */
const inService = ({ status }: Response): void => {
  if (status === 429 || status >= 500) throw new Error(`HTTP ${status}`)
}

/** How a nonce, 64 bits, is written by JSON-RPC itself, and by a contract. */
const quantity = /^0x[0-9a-f]{1,16}$/i
const nonceWord = /^0x0{48}[0-9a-f]{16}$/i

/** A non-number must not count as 0, as JavaScript would have it. */
const numberIn = (answer: unknown, form: RegExp): bigint => {
  if (typeof answer === "string" && form.test(answer)) return BigInt(answer)
  throw new Error("no number")
}

/** A transaction as `eth_call` takes it: without its signatures, which the node checks when it is sent. RLP has no 0. */
const callOf = (transaction: TxEnvelopeTempo) =>
  TransactionRequest.toRpc({ ...transaction, nonce: transaction.nonce ?? 0n } as TransactionRequest.TransactionRequest)
