import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import { encodeErrorResult, type Hex, RpcRequestError, toFunctionSelector } from "viem"
import type { Network } from "../../../../src/payment/tempo/chain/networks.ts"
import type { SignedPayment } from "../../../../src/payment/tempo/read-payment.ts"

// A chain that gives the test's answers.

export const account = `0x${"a1".repeat(20)}` as const
export const key = { address: `0x${"b2".repeat(20)}`, kind: "secp256k1" } as const
export const token = "0x20c0000000000000000000000000000000000000"
export const other = "0x20c0000000000000000000000000000000000001"

export const call = { to: token, data: `0x95777d59${"c3".repeat(20).padStart(64, "0")}` } as const
export const payment = (changes: object = {}, of: Partial<SignedPayment> = {}): SignedPayment => ({
  transaction: TxEnvelopeTempo.from({
    chainId: 1337,
    calls: [call],
    gas: 500_000n,
    maxFeePerGas: 20_000_000_000n,
    ...changes
  }),
  signer: key.address,
  account,
  key,
  currency: token,
  price: 100_000n,
  ...of
})

export const reverted = (data: Hex, code = 3) =>
  new RpcRequestError({ body: {}, url: "http://127.0.0.1:1", error: { code, message: "execution reverted", data } })
/** The answer of Tempo's precompiles to functions of another hardfork. */
export const unknown = reverted(
  encodeErrorResult({
    abi: [{ type: "error", name: "UnknownFunctionSelector", inputs: [{ type: "bytes4" }] }],
    errorName: "UnknownFunctionSelector",
    args: ["0x12345678"]
  })
)

const selectors = Object.fromEntries(
  [
    "getKey(address,address)",
    "getRemainingLimitWithPeriod(address,address,address)",
    "getRemainingLimit(address,address,address)",
    "getAllowedCalls(address,address)",
    "userTokens(address)",
    "balanceOf(address)",
    "decimals()"
  ].map((signature) => [toFunctionSelector(signature), signature.slice(0, signature.indexOf("("))])
)
export type Answers = Readonly<Record<string, Hex | Error>>

/** A chain that answers questions by their function's name, and records them. */
export const chainOf = (answers: Answers) => {
  const asked: Array<string> = []
  const network = {
    chainId: 1337,
    view: (_: Hex, data: Hex) => {
      const name = selectors[data.slice(0, 10)] ?? "authorizeKey"
      asked.push(name)
      const answer = answers[name] ?? new Error("silent")
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    baseFee: () => Promise.resolve(10_000_000_000n),
    batched() {
      return this
    }
  } as unknown as Network
  return { asked, network }
}
