import { BaseError, RpcRequestError } from "viem"
import type { PaymentRejected, PaymentServiceUnavailable } from "../../errors.ts"
import { rejected, unavailable } from "./rejections.ts"
import { explainRevert } from "./reverts.ts"

/**
 * JSON-RPC errors about the node and not about the request: not found or available (-32001, -32002), not supported
 * (-32601, -32004), too much (-32005, 429). -32603, "internal", is not among them: Tempo's nodes also send it for
 * transactions that break a rule of Tempo's own.
 */
const NODE_ERROR_CODES = new Set([-32001, -32002, -32004, -32005, -32007, -32601, 429])

/** The JSON-RPC error that made a request fail, if the node answered with one. */
export const rpcErrorIn = (error: unknown): RpcRequestError | undefined => {
  const found = error instanceof BaseError ? error.walk((cause) => cause instanceof RpcRequestError) : null
  return found instanceof RpcRequestError ? found : undefined
}

/** Explains a failed simulation. The node's answer is an error of the payment; without an answer the chain is unavailable. */
export const toSimulationError = (error: unknown): PaymentRejected | PaymentServiceUnavailable => {
  const answer = rpcErrorIn(error)
  if (answer === undefined || NODE_ERROR_CODES.has(answer.code)) return unavailable
  // The address may belong to a server that is not a node, so the answer may be anything.
  if (typeof answer.details !== "string") return unavailable
  return rejected(
    `The payment would fail: ${reason(answer)} Nothing was sent. Fund the account or choose another, and sign again.`
  )
}

/** The meaning of the token's revert, or the node's words without long hexadecimal, which may be the transaction's. */
const reason = ({ data, details }: RpcRequestError): string => {
  const explanation = explainRevert(data)
  if (explanation !== undefined) return explanation
  const words = details.replaceAll(/[0-9a-f]{32,}/gi, "…").slice(0, 200)
  return `${words}${/[.!]$/.test(words) ? "" : "."}`
}
