import { readFileSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, run as runProgram, startTestStack, walletOn } from "./support.ts"

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
  readonly duration_ms: number
  readonly limits: { readonly cpu_ms_limit: number }
}

const post = (body: string, headers: Record<string, string> = {}, payer = wallet) =>
  payer.fetch(`${stack.info.gateway}/execute`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers }
  })

const execute = async (body: object, headers: Record<string, string> = {}, payer = wallet): Promise<Answer> => {
  const response = await post(JSON.stringify(body), headers, payer)
  const text = await response.text()
  assert.strictEqual(response.status, 200, text)
  assert.isNotNull(response.headers.get("payment-receipt"))
  return JSON.parse(text) as Answer
}

describe("POST /execute", () => {
  it("runs the example and earns the recipient exactly one cent", async () => {
    const { recipient } = stack.info
    const before = await wallet.balance(recipient)
    const answer = await execute(JSON.parse(readFileSync("test/fixtures/execute.json", "utf8")) as object)
    assert.deepStrictEqual(answer.result, { sum: 5 })
    assert.deepStrictEqual(answer.limits, { cpu_ms_limit: 50 })
    assert.isAtLeast(answer.duration_ms, 0)
    assert.strictEqual((await wallet.balance(recipient)) - before, 10_000n)
  })

  it("answers the stock command line client", async () => {
    const { gateway, rpc, payerPrivateKey } = stack.info
    const body = JSON.stringify({ code: "export default async ({ n }: { n: number }) => n * 2", input: { n: 21 } })
    const args = [`${gateway}/execute`, "--rpc-url", rpc, "-J", body]
    const { stdout, stderr } = await runProgram("mppx", args, { MPPX_PRIVATE_KEY: payerPrivateKey })
    assert.match(stdout, /"result":\s*42/, stderr)
  })

  it("charges nothing for code that does not start", async () => {
    const { recipient } = stack.info
    const before = await wallet.balance(recipient)
    const response = await post(
      JSON.stringify({ code: "throw new Error('boom at start')\nexport const run = () => 1" })
    )
    const text = await response.text()
    assert.strictEqual(response.status, 422, text)
    assert.include(text, "boom at start")
    const deploy = await wallet.fetch(`${stack.info.gateway}/deploy`, {
      method: "POST",
      body: fresh("throws-at-start"),
      headers: { "content-type": "application/json" }
    })
    assert.strictEqual(deploy.status, 422, await deploy.text())
    assert.strictEqual(await wallet.balance(recipient), before)
  })

  it("shares no module state and no global between purchases, nor between payers", async () => {
    const other = walletOn(stack, `0x${"77".repeat(32)}`)
    await wallet.transfer(other.account.address, 1_000_000n)
    const code = `
      let calls = 0
      export function run() {
        const found = [globalThis.left, Object.prototype.left, Array.prototype.left]
        globalThis.left = Object.prototype.left = Array.prototype.left = "something"
        return [++calls, ...found.map((it) => it ?? null)]
      }`
    const untouched = [1, null, null, null]
    for (const [payer, key] of [
      [wallet, "one"],
      [wallet, "two"],
      [other, "one"],
      [other, "two"]
    ] as const) {
      assert.deepStrictEqual((await execute({ code }, { "idempotency-key": key }, payer)).result, untouched)
    }
  })

  it("answers a key again from the store, without a run or a charge", async () => {
    const code = "export const run = () => crypto.randomUUID()"
    const headers = { "idempotency-key": crypto.randomUUID() }
    const { result } = await execute({ code }, headers)
    const before = await wallet.balance(stack.info.recipient)
    assert.strictEqual((await execute({ code }, headers)).result, result)
    assert.strictEqual(await wallet.balance(stack.info.recipient), before)
  })

  for (const [what, code, name, message] of [
    ["throws", "export const run = () => { throw new RangeError('out') }", "RangeError", /^out$/],
    ["throws what is no error", "export const run = () => { throw null }", "Error", /^null$/],
    ["returns nothing", "export const run = () => {}", "TypeError", /undefined/],
    ["returns a BigInt", "export const run = () => 1n", "TypeError", /BigInt/],
    ["returns NaN", "export const run = () => NaN", "TypeError", /NaN/],
    ["returns too much", "export const run = () => 'x'.repeat(2_000_000)", "ResultTooLarge", /1048576/],
    ["never settles", "export const run = () => new Promise(() => {})", "TimeoutError", /never settles/],
    ["fetches", "export const run = () => fetch('http://127.0.0.1/')", "Error", /not permitted/],
    [
      "connects",
      "import { connect } from 'cloudflare:sockets'\nexport const run = () => connect('127.0.0.1:22').opened",
      "Error",
      /not permitted/
    ],
    ["opens a cache", "export const run = () => caches.default.match('http://x.test/')", "Error", /./]
  ] as const) {
    it(`charges code that was run when it ${what}`, async () => {
      const answer = await execute({ code })
      assert.strictEqual(answer.error?.name, name, JSON.stringify(answer))
      assert.match(answer.error?.message ?? "", message)
      assert.notProperty(answer, "result")
    })
  }

  it("answers the returned value, whatever globals the code has changed", async () => {
    const code = "JSON.stringify = () => '{'; Response.prototype.then = 1; export const run = () => [1]"
    assert.deepStrictEqual((await execute({ code })).result, [1])
  })

  it("runs code with an empty environment", async () => {
    const code = "import { env } from 'cloudflare:workers'\nexport const run = () => [process.env, env]"
    assert.deepStrictEqual((await execute({ code })).result, [{}, {}])
  })
})
