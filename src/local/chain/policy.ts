import type { IncomingMessage } from "node:http"
import { fromPage } from "../system/hosts.ts"

/**
 * Whether the chain runs a method for everybody on this machine: what a public node offers, and the faucet. anvil's own
 * methods rewrite the chain (`anvil_*`, `evm_*`, `hardhat_*`, `debug_setHead`) or make it call out (`anvil_reset` with a URL),
 * and the signing ones spend the development accounts' money.
 */
export const allowed = (method: string): boolean =>
  method === "tempo_fundAddress" ||
  (/^(eth|net|web3|txpool)_[a-zA-Z0-9]+$/.test(method) &&
    !/^eth_(send(?!Raw)|sign|accounts$|mining$|coinbase$|(un)?subscribe$)/.test(method))

/** An answer that refuses a request before its body is read, or nothing when it may go on. */
export const refusal = (
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  hosts: ReadonlyArray<string>
): { readonly status: number; readonly text: string } | undefined => {
  const page = fromPage(headers, hosts)
  if (page !== undefined) return { status: 403, text: page }
  if (method !== "POST") return { status: 405, text: "JSON-RPC is a POST." }
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
  return type === "application/json"
    ? undefined
    : { status: 415, text: "JSON-RPC wants content-type application/json." }
}
