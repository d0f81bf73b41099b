import { BaseError, RpcRequestError } from "viem"
import type { PaymentRejected, PaymentUnavailable } from "../../errors.ts"
import { rejected, unavailable } from "./rejections.ts"
import { meaningOf } from "./reverts.ts"

/**
 * JSON-RPC errors that speak of the node and not of what it was asked: not found or available (-32001, -32002), not
 * supported (-32601, -32004), too much (-32005, 429). Not among them: -32603, "internal", which Tempo's nodes also say of
 * transactions that break a rule of Tempo's own.
 */
const nodeTrouble = new Set([-32001, -32002, -32004, -32005, -32007, -32601, 429])

/** Explains a failed simulation of a payment: an answer of the node is the payer's trouble, silence is ours. */
export const simulationFailure = (error: unknown): PaymentRejected | PaymentUnavailable => {
  const answer = error instanceof BaseError ? error.walk((cause) => cause instanceof RpcRequestError) : null
  if (!(answer instanceof RpcRequestError) || nodeTrouble.has(answer.code)) return unavailable
  // Anything may have answered: behind an address may be something that is no node.
  if (typeof answer.details !== "string") return unavailable
  return rejected(
    `The payment would fail: ${reason(answer)} Nothing was sent. Fund the account or choose another, and sign again.`
  )
}

/** The node's words, or what the token's revert means; without long hexadecimal, which may be the transaction's. */
const reason = ({ data, details }: RpcRequestError): string => {
  const meaning = meaningOf(data)
  if (meaning !== undefined) return meaning
  const words = details.replaceAll(/[0-9a-f]{32,}/gi, "…").slice(0, 200)
  return `${words}${/[.!]$/.test(words) ? "" : "."}`
}
