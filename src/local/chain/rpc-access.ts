import type { IncomingMessage } from "node:http"
import { refuseBrowser } from "../system/hosts.ts"

/**
 * Whether clients on this machine may call a method: the methods of a public node and the faucet. anvil's own methods rewrite
 * the chain (`anvil_*`, `evm_*`, `hardhat_*`, `debug_setHead`) or make it call out (`anvil_reset` with a URL), and the signing
 * methods spend the development accounts' money.
 */
export const isAllowed = (method: string): boolean =>
  method === "tempo_fundAddress" ||
  (/^(eth|net|web3|txpool)_[a-zA-Z0-9]+$/.test(method) &&
    !/^eth_(send(?!Raw)|sign|accounts$|mining$|coinbase$|(un)?subscribe$)/.test(method))

/** Returns the answer that refuses a request before its body is read; `undefined` for an acceptable request. */
export const refuseRequest = (
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  hosts: ReadonlyArray<string>
): { readonly status: number; readonly text: string } | undefined => {
  const fromBrowser = refuseBrowser(headers, hosts)
  if (fromBrowser !== undefined) return { status: 403, text: fromBrowser }
  if (method !== "POST") return { status: 405, text: "Send JSON-RPC by POST." }
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
  return type === "application/json"
    ? undefined
    : { status: 415, text: "Send JSON-RPC with content-type application/json." }
}
