import * as fc from "fast-check"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { programs } from "../support/default-exports.ts"
import { startTestStack, walletOn } from "./support.ts"

/** Refused programs count as failed attempts, and a payer may have 60 of them in an hour. */
const COUNT = 32

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

/**
 * Buys a deploy of one program. A payer may have only a few in progress at once, so this repeats the call when the gateway says
 * so.
 */
const deploy = async (code: string): Promise<Response> => {
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    body: JSON.stringify({ files: { "index.js": code } }),
    headers: { "content-type": "application/json" }
  })
  if (response.status !== 429) return response
  await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get("retry-after"))))
  return deploy(code)
}

/** The runtime's messages for a Worker that does not start, or exports nothing that can serve. */
const dead = /Failed to start Worker|internal error; reference|does not export a fetch|no default entrypoint/

describe("paid deploys of random default exports", () => {
  it("serve if they are charged, and cost nothing if they are refused", async () => {
    const before = await wallet.balance(stack.info.recipient)
    const counts = { live: 0, refused: 0 }
    for (const code of new Set(fc.sample(programs, { numRuns: COUNT, seed: 20_261_126 }))) {
      const response = await deploy(code)
      const text = await response.text()
      if (response.status === 200) {
        counts.live++
        const { url } = JSON.parse(text) as { readonly url: string }
        const site = await fetch(url)
        assert.notMatch(await site.text(), dead, code)
      } else {
        counts.refused++
        assert.strictEqual(response.status, 422, `${code}\n${text}`)
        assert.strictEqual((JSON.parse(text) as { readonly charged: unknown }).charged, false, text)
      }
    }
    assert.isAbove(counts.live, 0)
    assert.isAbove(counts.refused, 0)
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n * BigInt(counts.live))
  }, 300_000)
})
