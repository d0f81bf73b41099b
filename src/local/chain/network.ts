import { callRpc } from "./start.ts"
import type { Settings } from "../settings.ts"

/** The names of TEMPO_NETWORK by chain id. */
const networks: Readonly<Record<number, string>> = { 4217: "mainnet", 42431: "testnet", 1337: "local" }

/**
 * Finds the network that the gateway charges on: the one in the settings, or the one of the chain at TEMPO_RPC_URL. The default
 * is the local network, even if that chain does not answer.
 */
export const findNetwork = async (given: Settings): Promise<{ readonly name: string; readonly chainId: number }> => {
  const nodeChainId = given.TEMPO_RPC_URL
    ? Number(await callRpc(given.TEMPO_RPC_URL, "eth_chainId").catch(() => NaN))
    : NaN
  const settingsChainId = Number(
    Object.keys(networks).find((id) => networks[Number(id)] === given.TEMPO_NETWORK) ?? NaN
  )
  const chainId = [nodeChainId, settingsChainId].find((id) => !Number.isNaN(id)) ?? 1337
  return { name: given.TEMPO_NETWORK ?? networks[chainId] ?? "local", chainId }
}
