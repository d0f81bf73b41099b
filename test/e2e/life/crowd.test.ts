import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { fresh, startTestStack, walletOn } from "../support.ts"

const CAP = 20
const PRICE = 100_000n

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack({ MAX_LIVE_PER_PAYER: String(CAP) })
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

/** Buys one deploy by the stock client, as an agent that tries again later if too many attempts are in progress. */
const buy = async (): Promise<string> => {
  const body = fresh("plain-js")
  const headers = { "content-type": "application/json" }
  for (;;) {
    const response = await wallet.fetch(`${stack.info.gateway}/deploy`, { method: "POST", body, headers })
    if (response.status === 200) return "live"
    const { code, charged } = (await response.json()) as { readonly code: string; readonly charged: boolean | null }
    if (code !== "too_many_attempts") return `${code} ${String(charged)}`
    await sleep(200)
  }
}

describe("fifty deploys of one payer at once", () => {
  it(`come to ${CAP}, the most that one payer may have, and cost nothing beyond`, async () => {
    const before = await wallet.balance()
    const answers = await Promise.all(Array.from({ length: 50 }, buy))
    const counts = Object.groupBy(answers, (answer) => answer)
    assert.deepStrictEqual(Object.fromEntries(Object.entries(counts).map(([answer, all]) => [answer, all?.length])), {
      live: CAP,
      "too_many_deployments false": 50 - CAP
    })
    const host = await fetch(`${stack.info.controlPlane}/v1/projects`, {
      headers: { authorization: `Bearer ${stack.info.controlPlaneToken}` }
    })
    const { projects } = (await host.json()) as { readonly projects: ReadonlyArray<unknown> }
    assert.strictEqual(projects.length, CAP)
    const listed = await wallet.fetch(`${stack.info.gateway}/deployments`)
    const { deployments } = (await listed.json()) as { readonly deployments: ReadonlyArray<{ status: string }> }
    assert.deepStrictEqual(
      deployments.map(({ status }) => status),
      Array.from({ length: CAP }, () => "live")
    )
    // Each transfer may also cost a fee, and no refused one may.
    const spent = BigInt(before) - BigInt(await wallet.balance())
    assert.isTrue(spent >= PRICE * BigInt(CAP) && spent < PRICE * BigInt(CAP + 1), `spent ${spent}`)
  }, 120_000)
})
