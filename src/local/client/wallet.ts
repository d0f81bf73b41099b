import { Mppx, tempo } from "mppx/client"
import type { Challenge } from "mppx"
import { type Address, type Chain, createClient, defineChain, formatUnits, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { waitForTransactionReceipt } from "viem/actions"
import { tempoLocalnet, tempoMainnet, tempoModerato } from "viem/chains"
import { Actions } from "viem/tempo"
import { messageOf } from "./target.ts"

const CHAINS: ReadonlyArray<Chain> = [tempoMainnet, tempoModerato, tempoLocalnet]

/** Tempo's tokens have six decimals. */
const DECIMALS = 6

/** The price in a challenge of Tempo's. */
export interface Price {
  readonly chainId: number
  readonly currency: Address
  readonly recipient: Address
  /** Base units. */
  readonly amount: bigint
}

/** Reads the price in a challenge. */
export const priceOf = ({ request }: Challenge.Challenge): Price => {
  const { amount, currency, recipient, methodDetails } = request as Record<string, unknown>
  const { chainId } = (methodDetails ?? {}) as { readonly chainId?: number }
  return {
    amount: BigInt(String(amount)),
    currency: currency as Address,
    recipient: recipient as Address,
    chainId: chainId ?? tempoMainnet.id
  }
}

/**
 * The stock client with a wallet. `fetch` pays the first challenge whose token the wallet holds enough of.
 *
 * `rpc` is the URL of the chain's JSON-RPC, or `undefined` for the chain's public one. The key never leaves this process.
 *
 * @throws Error in plain words for a key that is none, or a chain that is not Tempo's.
 */
export const openWallet = (key: string | undefined, chainId: number, rpc: string | undefined) => {
  if (key === undefined || !/^0x[0-9a-fA-F]{64}$/.test(key))
    throw new Error("Set MPPX_PRIVATE_KEY to the private key of a funded account: 0x and 64 hexadecimal digits.")
  const known = CHAINS.find(({ id }) => id === chainId)
  if (known === undefined) throw new Error(`The service is paid on chain ${chainId}, which is none of Tempo's.`)
  const chain = rpc === undefined ? known : defineChain({ ...known, rpcUrls: { default: { http: [rpc] } } })
  const account = privateKeyToAccount(key as Hex)
  const client = createClient({ account, chain, transport: http(rpc) })
  const balance = async (token: Address): Promise<bigint> => {
    try {
      return (await Actions.token.getBalance(client, { account: account.address, token })).amount
    } catch (cause) {
      throw new Error(`The chain does not answer at ${client.transport.url}: ${messageOf(cause)}`, { cause })
    }
  }
  const affords = async ({ currency, amount }: Price): Promise<boolean> => (await balance(currency)) >= amount

  const mppx = Mppx.create({
    polyfill: false,
    methods: [tempo.charge({ account, getClient: () => client })],
    orderChallenges: async (candidates) => {
      const able = await Promise.all(candidates.map(({ challenge }) => affords(priceOf(challenge))))
      return [...candidates.filter((_, index) => able[index]), ...candidates.filter((_, index) => !able[index])]
    }
  })

  return {
    address: account.address,
    mppx,
    /** Fails with what is missing if the wallet can pay none of these prices. The network's fee comes on top. */
    requireFunds: async (prices: ReadonlyArray<Price>): Promise<void> => {
      const held = await Promise.all(
        prices.map(async (price) => ({ ...price, balance: await balance(price.currency) }))
      )
      if (held.some(({ balance, amount }) => balance >= amount)) return
      const lines = held.map(
        ({ currency, amount, balance }) =>
          `${formatUnits(balance, DECIMALS)} of ${currency}, and a deploy costs ${formatUnits(amount, DECIMALS)}`
      )
      throw new Error(`The wallet ${account.address} cannot pay. It holds ${lines.join("; ")}. Nothing was sent.`)
    },
    /** Looks the transaction up on the chain: its block and whether it succeeded. */
    lookUp: async (hash: Hex) => {
      const { status, blockNumber } = await waitForTransactionReceipt(client, { hash, timeout: 30_000 })
      return { status, block: Number(blockNumber) }
    }
  }
}
