import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { startTestStack, walletOn } from "../e2e/support.ts"

// Code that freezes or kills its runner, on the whole stack. Every call gets an answer, and the gateway is not affected.

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly name: string }
}

/** Runs code as an agent does. "Busy" costs nothing and asks for a retry. */
const execute = async (code: string, payer = wallet): Promise<Answer> => {
  const body = JSON.stringify({ code: `${code}\n// ${crypto.randomUUID()}` })
  const post = () =>
    payer.fetch(`${stack.info.gateway}/execute`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" }
    })
  let response = await post()
  for (const end = Date.now() + 60_000; response.status === 503 && Date.now() < end; response = await post()) {
    assert.include(await response.text(), '"charged":false')
    await sleep(1000 * Number(response.headers.get("retry-after") ?? 1))
  }
  const text = await response.text()
  assert.strictEqual(response.status, 200, text)
  assert.isNotNull(response.headers.get("payment-receipt"))
  return JSON.parse(text) as Answer
}

/** Asks for the gateway's health while other work runs, and returns the median of the answers' times. */
const whileHealthy = async <A>(work: Promise<A>): Promise<A> => {
  const times: Array<number> = []
  const state = { done: false }
  const ended = work.finally(() => (state.done = true))
  while (!state.done) {
    const since = performance.now()
    const response = await fetch(`${stack.info.gateway}/health`, { signal: AbortSignal.timeout(5000) })
    assert.strictEqual(response.status, 200)
    await response.arrayBuffer()
    times.push(performance.now() - since)
    await Promise.race([sleep(20), ended.catch(() => {})])
  }
  // The test compares the median, because single answers are late when the machine is busy.
  assert.isBelow(times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0, 100)
  return ended
}

const innocent = "export const run = async () => 'well'"
const spin = "export const run = () => { for (;;); }"

describe("code that crashes its runner", () => {
  for (const [what, code] of [
    ["loops for ever", spin],
    ["takes the heap", "export const run = () => { const all = []; for (;;) all.push({ one: [all.length] }) }"],
    [
      "loops after a while",
      "export const run = async () => { await new Promise((go) => setTimeout(go, 300)); for (;;); }"
    ]
  ] as const) {
    it(`gets an answer while the gateway and the next call work: ${what}`, async () => {
      const { error } = await whileHealthy(execute(code))
      assert.strictEqual(error?.name, "ResourceLimitExceeded")
      assert.strictEqual((await whileHealthy(execute(innocent))).result, "well")
    })
  }

  it("costs nothing when it loops at its start", async () => {
    const before = await wallet.balance(stack.info.recipient)
    const response = await whileHealthy(
      wallet.fetch(`${stack.info.gateway}/execute`, {
        method: "POST",
        body: JSON.stringify({ code: `for (;;);\n${innocent}\n// ${crypto.randomUUID()}` }),
        headers: { "content-type": "application/json" }
      })
    )
    assert.strictEqual(response.status, 422, await response.text())
    assert.strictEqual(await wallet.balance(stack.info.recipient), before)
  })

  for (const megabytes of [300, 1500]) {
    it(`gets some answer when it takes ${megabytes} MB`, async () => {
      const code = `export const run = () => {
        const all = []
        for (let i = 0; i < ${megabytes}; i++) all.push(new Uint8Array(1 << 20).fill(1))
        return all.length
      }`
      const { result, error } = await whileHealthy(execute(code))
      // workerd alone has no limit of memory. A platform with a limit has reached it.
      assert.isTrue(result === megabytes || /ResourceLimit|MemoryLimit/.test(error?.name ?? ""), error?.name)
      assert.strictEqual((await execute(innocent)).result, "well")
    })
  }

  it("does no harm to its neighbours, because they run again", async () => {
    const payers = [0x61, 0x62, 0x63].map((byte) => walletOn(stack, `0x${byte.toString(16).repeat(32)}`))
    for (const { account } of payers) await wallet.transfer(account.address, 1_000_000n)
    const slow = "export const run = () => new Promise((go) => setTimeout(() => go('well'), 800))"
    const [guilty, ...neighbours] = await whileHealthy(
      Promise.all([execute(spin), execute(slow, payers[0]), execute(slow, payers[1]), execute(innocent, payers[2])])
    )
    assert.strictEqual(guilty?.error?.name, "ResourceLimitExceeded")
    assert.deepStrictEqual(
      neighbours.map(({ result }) => result),
      ["well", "well", "well"]
    )
  })

  it("ends after 10 s when it waits for a timer, while its neighbours continue", async () => {
    const forever = execute("export const run = () => new Promise((go) => setTimeout(go, 60_000))")
    await sleep(1000)
    assert.strictEqual((await execute(innocent)).result, "well")
    assert.strictEqual((await forever).error?.name, "TimeoutError")
  })
})
