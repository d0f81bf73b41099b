import { setTimeout as sleep } from "node:timers/promises"
import { Mppx, tempo } from "mppx/client"
import { createClient, defineChain, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import type { StackInfo } from "../../src/local/info.ts"

/** The orders for an attacker: the gateway, and its keys; each key has a connection of its own. */
export interface Orders {
  readonly info: StackInfo
  readonly keys: ReadonlyArray<Hex>
}

/** Sources that the gateway builds in vain. Each fails at another place, and none appears twice. */
const sources = [
  (fresh: string) => `import x from "./nowhere-${fresh}"; export default { fetch: () => x }`,
  (fresh: string) => `export default { fetch: () => "${fresh}" `,
  (fresh: string) => `throw new Error("${fresh}"); export default { fetch() {} }`,
  (fresh: string) => `export const nothing = "${fresh}"`
]

/**
 * Sends failing builds, on one connection for each key, one after each answer, until the message "stop". Reports how often each
 * answer came. It runs in a process of its own, so that it does not slow the measurement.
 */
const attack = async ({ info, keys }: Orders): Promise<Record<string, number>> => {
  const answers: Record<string, number> = {}
  const stop = new AbortController()
  process.once("disconnect", () => process.exit())
  process.once("message", () => stop.abort())
  const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
  await Promise.all(
    keys.map(async (key, index) => {
      const account = privateKeyToAccount(key)
      const client = createClient({ account, chain, transport: http(info.rpc) })
      const mppx = Mppx.create({ polyfill: false, methods: [tempo.charge({ account, getClient: () => client })] })
      for (let count = index; !stop.signal.aborted; count++) {
        const source = sources[count % sources.length]!(crypto.randomUUID())
        const body = JSON.stringify({ files: { "index.ts": source } })
        const said = await mppx
          .fetch(`${info.gateway}/deploy`, { method: "POST", body, headers: { "content-type": "application/json" } })
          .then(async (response) => ((await response.json()) as { code?: string }).code ?? "live")
          .catch(() => "no answer")
        answers[said] = (answers[said] ?? 0) + 1
        if (said === "no answer") await sleep(100)
      }
    })
  )
  return answers
}

process.once("message", async (orders: Orders) => {
  process.send?.(await attack(orders), () => process.exit())
})
