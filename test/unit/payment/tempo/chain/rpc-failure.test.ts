import { CallExecutionError, HttpRequestError, RpcRequestError, TimeoutError } from "viem"
import { assert, describe, it } from "vitest"
import { toSimulationError } from "../../../../../src/payment/tempo/chain/rpc-failure.ts"

const url = "http://127.0.0.1:1"
const secret = "c0ffee".repeat(40)
const body = { method: "eth_call", params: [{ data: `0x${secret}` }] }

const rpcError = (code: number, message = "no", data?: string) =>
  new CallExecutionError(new RpcRequestError({ body, url, error: { code, message, data } }) as never, {})

const table: Record<string, readonly [error: unknown, tag: string, message: RegExp]> = {
  "a revert that the token explains": [
    rpcError(3, "execution reverted", `0x832f98b5${"1".padStart(64, "0")}${"2".padStart(64, "0")}${"0".repeat(64)}`),
    "PaymentRejected",
    /Insufficient balance\. Required: 2, available: 1\./
  ],
  "a revert that nobody explains": [
    rpcError(3, "execution reverted", "0x12345678"),
    "PaymentRejected",
    /execution reverted\./
  ],
  "missing funds for the fee": [rpcError(-32003, "insufficient funds"), "PaymentRejected", /insufficient funds\./],
  "an invalid transaction": [rpcError(-32000, "nonce too low"), "PaymentRejected", /nonce too low\./],
  "a rule of Tempo's, said as an internal error": [rpcError(-32603, "key expired"), "PaymentRejected", /key expired\./],
  "too many requests": [rpcError(-32005), "PaymentServiceUnavailable", /No payment was sent/],
  "an unsupported method": [rpcError(-32601), "PaymentServiceUnavailable", /No payment was sent/],
  "an HTTP error": [new HttpRequestError({ url, status: 502 }), "PaymentServiceUnavailable", /No payment was sent/],
  "no answer": [new TimeoutError({ body, url }), "PaymentServiceUnavailable", /No payment was sent/],
  "a bug": [new TypeError("undefined is not a function"), "PaymentServiceUnavailable", /No payment was sent/],
  "words that repeat the transaction": [
    rpcError(-32000, `cannot decode 0x${secret}`),
    "PaymentRejected",
    /cannot decode 0x…/
  ]
}

describe("a simulation that fails with", () => {
  for (const [name, [error, tag, message]] of Object.entries(table)) {
    it(`${name} is ${tag}`, () => {
      const failure = toSimulationError(error)
      assert.strictEqual(failure._tag, tag)
      assert.match(failure.message, message)
      assert.notInclude(JSON.stringify(failure), secret)
    })
  }
})
