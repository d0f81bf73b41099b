import { call } from "./start.ts"
import type { Settings } from "../settings.ts"

/** The Tempo networks by chain id, under the names that the setting TEMPO_NETWORK has for them. */
const networks: Readonly<Record<number, string>> = { 4217: "mainnet", 42431: "testnet", 1337: "local" }

/**
 * Which network the gateway is to charge on: the one that the settings name, or the one that a chain of somebody else's
 * says it is; the local one when there is no such chain or it does not answer.
 */
export const findNetwork = async (given: Settings): Promise<{ readonly name: string; readonly chainId: number }> => {
  const answered = given.TEMPO_RPC_URL ? Number(await call(given.TEMPO_RPC_URL, "eth_chainId").catch(() => NaN)) : NaN
  const named = Number(Object.keys(networks).find((id) => networks[Number(id)] === given.TEMPO_NETWORK) ?? NaN)
  const chainId = [answered, named].find((id) => !Number.isNaN(id)) ?? 1337
  return { name: given.TEMPO_NETWORK ?? networks[chainId] ?? "local", chainId }
}
