import { Challenge, Receipt } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, defineChain, formatUnits, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions } from "viem/tempo"
import { resolveLocalhost } from "./system/localhost.ts"
import type { StackInfo } from "./info.ts"

/** The example of the README: a Hono app that says hello. */
const example = {
  files: {
    "src/index.ts": [
      "import { Hono } from 'hono';",
      "const app = new Hono();",
      "app.get('/', (c) => c.json({ hello: 'world' }));",
      "export default app;"
    ].join("\n")
  },
  name: "my-api"
}

const dollars = (units: bigint): string => `$${formatUnits(units, 6).replace(/\.(\d)$/, ".$10")}`

/**
 * Buys a deployment with the stock client, as an agent does, and prints each step. It ends with the answer of the live URL.
 *
 * @throws Error if a step gets an unexpected answer.
 */
export const demonstrate = async (
  info: StackInfo,
  print: (line: string) => void,
  signal: AbortSignal
): Promise<void> => {
  resolveLocalhost()
  const account = privateKeyToAccount(info.payerPrivateKey as Hex)
  const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
  const client = createClient({ account, chain, transport: http(info.rpc) })
  const token = info.currency as Address
  const balances = async () => ({
    payer: (await Actions.token.getBalance(client, { account: account.address, token })).amount,
    recipient: (await Actions.token.getBalance(client, { account: info.recipient as Address, token })).amount
  })
  const url = `${info.gateway}/deploy`
  const request = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(example),
    signal
  }

  print(`\n1. The agent sends its source:   POST ${url}`)
  const quote = await expectStatus(await fetch(url, request), 402)
  const { amount, currency, recipient } = Challenge.fromResponse(quote).request as Record<string, string>
  print(`   402 Payment Required:        ${dollars(BigInt(amount ?? 0))} of ${currency}`)
  print(`                                to ${recipient}`)

  const before = await balances()
  print(`2. Balances before:             payer ${dollars(before.payer)}, recipient ${dollars(before.recipient)}`)

  print("3. The agent signs a transfer and sends the same request again, with the stock mppx client")
  const paying = Mppx.create({ polyfill: false, methods: [tempo.charge({ account, getClient: () => client })] })
  const since = Date.now()
  const paid = await expectStatus(await paying.fetch(url, request), 200)
  const deployment = (await paid.json()) as Record<"url" | "deployment_id" | "expires_at", string>
  print(
    `   200 after ${((Date.now() - since) / 1000).toFixed(1)} s, receipt:    ${Receipt.fromResponse(paid).reference}`
  )
  print(`   ${deployment.deployment_id}, live until ${deployment.expires_at}`)

  const after = await balances()
  const spent = before.payer - after.payer
  const earned = after.recipient - before.recipient
  print(`4. Balances after:              payer ${dollars(after.payer)}, recipient ${dollars(after.recipient)}`)
  print(`   The recipient has            ${dollars(earned)} more: ${earned} base units`)
  print(`   The payer has                ${dollars(spent)} less: the price and ${dollars(spent - earned)} network fee`)

  print(`5. The live URL:                ${deployment.url}`)
  const live = await expectStatus(await fetch(deployment.url, { signal }), 200)
  print(`   GET / answers:               ${await live.text()}`)
  print("   curl and browsers resolve names that end in .localhost; most other clients do not\n")
}

const expectStatus = async (response: Response, status: number): Promise<Response> => {
  if (response.status === status) return response
  throw new Error(`${response.url} answered ${response.status}, not ${status}: ${await response.text()}`)
}

/** Instructions to pay from another terminal. */
export const howToPay = (info: StackInfo): string =>
  [
    "To pay as an agent from another terminal:",
    `  MPPX_PRIVATE_KEY=${info.payerPrivateKey} npx mppx ${info.gateway}/deploy \\`,
    `    --rpc-url ${info.rpc} \\`,
    `    -J '{"files":{"index.js":"export default { fetch: () => new Response(\\"It is alive\\") }"}}'`
  ].join("\n")
