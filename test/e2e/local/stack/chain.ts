import { type Address, createClient, defineChain, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions } from "viem/tempo"
import { assert, it } from "vitest"
import { PATH_USD } from "../../../../src/domain/currencies.ts"
import { payerPrivateKey, recipient } from "../../../../src/local/chain/accounts.ts"
import { type Stack } from "../../../../src/local/stack.ts"

/** The tests of the chain of a stack. */
export const testChain = (stack: () => Stack): void => {
  const account = privateKeyToAccount(payerPrivateKey)
  const connect = () => {
    const chain = defineChain({ ...tempoLocalnet, rpcUrls: { default: { http: [stack().info.rpc] } } })
    return createClient({ account, chain, transport: http(stack().info.rpc, { retryCount: 0 }) })
  }
  const balance = async (of: Address) =>
    (await Actions.token.getBalance(connect(), { account: of, token: PATH_USD })).amount
  const transfer = (to: Address, amount: bigint) =>
    Actions.token.transferSync(connect(), { to, amount, token: PATH_USD, feeToken: PATH_USD })

  it("moves pathUSD from the payer to the recipient, and takes a fee from the payer", async () => {
    const [payer, payee] = [await balance(account.address), await balance(recipient)]
    await transfer(recipient, 100_000n)
    assert.strictEqual((await balance(recipient)) - payee, 100_000n)
    assert.isAbove(Number(payer - (await balance(account.address))), 100_000)
  })

  it("accepts a simulated transfer within the balance, and refuses one above it", async () => {
    const broke = "0x00000000000000000000000000000000000000b0"
    const attempt = (from: Address, method: string) => {
      const data = Actions.token.transfer.call({ to: recipient, amount: 1n, token: PATH_USD }).data
      const request = { from, calls: [{ to: PATH_USD, data }], type: "0x76" }
      const params = method === "eth_fillTransaction" ? [request] : [request, "latest"]
      return connect().request({ method: method as never, params: params as never })
    }
    // A client signs what the node fills, so a fill must fail like a simulation.
    for (const method of ["eth_call", "eth_estimateGas", "eth_fillTransaction"]) {
      await attempt(account.address, method)
      const refused = await attempt(broke, method).then(
        () => "simulated",
        (cause: Error) => cause.message
      )
      assert.match(refused, /revert/i, method)
    }
  })

  it("has a faucet", async () => {
    const poor = "0x00000000000000000000000000000000000000fa"
    const fund = () => connect().request({ method: "tempo_fundAddress" as never, params: [poor] as never })
    await Promise.all([fund(), fund()])
    assert.strictEqual(await balance(poor), 2_000_000_000n)
  })

  it("continues while its JSON-RPC is down, and is back on the same address", async () => {
    await stack().chain?.rpc.stop()
    assert.isTrue(
      await balance(recipient).then(
        () => false,
        () => true
      )
    )
    await stack().chain?.rpc.start()
    assert.isAbove(Number(await balance(recipient)), 0)
  })
}
