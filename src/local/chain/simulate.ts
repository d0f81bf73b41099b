import type { Ipc, RpcAnswer, RpcCall } from "./ipc.ts"

interface Call {
  readonly to?: string
  readonly data?: string
  readonly input?: string
}

interface Transaction {
  readonly from?: string
  readonly feeToken?: unknown
  readonly calls?: ReadonlyArray<Call>
}

/** The methods for which a Tempo node runs the transaction. */
const SIMULATED = new Set(["eth_call", "eth_estimateGas", "eth_fillTransaction"])

/** The precompile that stores in which token an account pays its fees, and its function `userTokens(address)`. */
const FEE_MANAGER = "0xfeec000000000000000000000000000000000000"
const USER_TOKENS = "0xed498fa8"

/** The addresses of TIP-20 tokens begin with this. */
const TOKEN = /^0x20c000000000000000000000/i

/** `transfer(address,uint256)` and `transferWithMemo(address,uint256,bytes32)`. */
const TRANSFER = /^0x(a9059cbb|95777d59)/i

/**
 * Asks a Tempo-mode anvil 1.7.1 for a simulation as a Tempo node makes it:
 *
 * - anvil ignores `calls` of a 0x76 transaction in `eth_call` and `eth_estimateGas`, and fills a transaction that would fail
 *   (`eth_fillTransaction`), so that a client would sign a transfer above its balance. Here each call runs by itself first (on
 *   the latest state; exact for the one call of a charge).
 * - anvil takes the fee in pathUSD if neither the transaction nor the account names a token. A Tempo node takes it in the token
 *   that the calls transfer. Here that token is named, so that a client signs it.
 *
 * @returns the answer of anvil, or the error of the first call that fails.
 */
export const simulate = async (upstream: Ipc, { method, params = [] }: RpcCall): Promise<RpcAnswer> => {
  const [transaction, ...rest] = params as [Transaction?]
  if (!SIMULATED.has(method) || transaction?.calls === undefined) return upstream.call({ method, params })
  for (const call of transaction.calls) {
    const { to, data = call.input } = call
    const outcome = await upstream.call({ method: "eth_call", params: [{ from: transaction.from, to, data }, ...rest] })
    if (outcome.error !== undefined) return outcome
  }
  const feeToken = await feeTokenOf(upstream, transaction)
  return upstream.call({ method, params: [{ ...transaction, ...(feeToken !== undefined && { feeToken }) }, ...rest] })
}

/** The token in which a Tempo node takes the fee; `undefined` where anvil finds the same one. */
const feeTokenOf = async (upstream: Ipc, { from, feeToken, calls = [] }: Transaction): Promise<string | undefined> => {
  if (from === undefined || (feeToken !== undefined && feeToken !== null)) return undefined
  const [token, ...others] = new Set(calls.map(({ to }) => to?.toLowerCase()))
  const transfers = calls.every(({ data, input = data }) => TRANSFER.test(input ?? ""))
  if (token === undefined || others.length > 0 || !transfers || !TOKEN.test(token)) return undefined
  const data = USER_TOKENS + from.slice(2).padStart(64, "0")
  const { result } = await upstream.call({ method: "eth_call", params: [{ to: FEE_MANAGER, data }, "latest"] })
  return typeof result === "string" && /^0x0+$/.test(result) ? token : undefined
}
