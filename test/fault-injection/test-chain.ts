import { type Address, createClient, defineChain, type Hex, http, numberToHex, padHex } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { sendTransactionSync } from "viem/actions"
import { Actions } from "viem/tempo"
import type { StackInfo } from "../../src/local/info.ts"

/** Dev account #4, which has more of every token than it can spend. Its key is public. */
const FUNDER_KEY = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"

/** Fees can be paid in the other token, so that an account can be emptied of the one that it pays in to the last unit. */
const pathUsd: Address = "0x20c0000000000000000000000000000000000000"
const alphaUsd: Address = "0x20c0000000000000000000000000000000000001"

/** `Transfer(address indexed from, address indexed to, uint256 amount)` */
const transferTopic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

/** A transfer of the token that the chain has logged. */
export interface Transfer {
  readonly from: string
  readonly amount: bigint
  readonly transaction: string
}

/** Talks to the chain's node without any proxy: funds accounts, empties them and counts transfers. */
export const openTestChain = (info: StackInfo) => {
  const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
  const client = createClient({ chain, transport: http(info.rpc), account: privateKeyToAccount(FUNDER_KEY) })
  const token = info.currency as Address
  const feeToken = token === alphaUsd ? pathUsd : alphaUsd

  const balance = async (account: string): Promise<bigint> =>
    (await Actions.token.getBalance(client, { account: account as Address, token })).amount

  // Transfers run one after the other, because two at once would take the same nonce.
  let last: Promise<unknown> = Promise.resolve()
  const give = (to: ReadonlyArray<string>, amount: bigint, of: Address = token): Promise<void> => {
    const given = last.then(() => send(to, amount, of))
    last = given.catch(() => {})
    return given
  }
  const send = async (to: ReadonlyArray<string>, amount: bigint, of: Address): Promise<void> => {
    const { status } = await sendTransactionSync(client, {
      calls: to.map((address) => Actions.token.transfer.call(client, { to: address as Address, amount, token: of })),
      feeToken: token,
      // The local chain estimates too little for several calls.
      gas: 600_000n * BigInt(to.length)
    } as never)
    if (status !== "success") throw new Error("the funding account could not pay")
  }

  return {
    client,
    balance,
    /** Gives each account a dollar and some fee money. */
    fund: async (accounts: ReadonlyArray<string>): Promise<void> => {
      for (let at = 0; at < accounts.length; at += 20) {
        await give(accounts.slice(at, at + 20), 1_000_000n)
        await give(accounts.slice(at, at + 20), 1_000_000n, feeToken)
      }
    },
    /** Gives an account its dollar again. */
    refill: (account: string) => give([account], 1_000_000n),
    /** Empties an account to `rest` base units of the token. */
    drain: async (privateKey: Hex, rest: bigint): Promise<void> => {
      const account = privateKeyToAccount(privateKey)
      const amount = (await balance(account.address)) - rest
      const own = createClient({ chain, transport: http(info.rpc), account })
      await Actions.token.transferSync(own, { to: client.account.address, amount, token, feeToken })
    },
    /** The status in a transaction's receipt; `undefined` while there is none. */
    statusOf: async (hash: string): Promise<string | undefined> => {
      const receipt = (await client.request({ method: "eth_getTransactionReceipt", params: [hash as Hex] })) as {
        status: string
      } | null
      return receipt?.status
    },
    block: async () => Number(await client.request({ method: "eth_blockNumber" })),
    /** Returns every transfer to the recipient since a block. */
    received: async (fromBlock: number): Promise<ReadonlyArray<Transfer>> => {
      const logs = (await client.request({
        method: "eth_getLogs",
        params: [
          {
            address: token,
            fromBlock: numberToHex(fromBlock),
            toBlock: "latest",
            topics: [transferTopic, null, padHex(info.recipient as Hex, { size: 32 })]
          }
        ]
      })) as ReadonlyArray<{ topics: ReadonlyArray<string>; data: string; transactionHash: string }>
      return logs.map(({ topics, data, transactionHash }) => ({
        from: `0x${topics[1]?.slice(-40)}`,
        amount: BigInt(data),
        transaction: transactionHash
      }))
    }
  }
}

/** Connects to the chain without any proxy. */
export type TestChain = ReturnType<typeof openTestChain>
