import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, startTestStack, walletOn } from "./support.ts"

let stack: Stack
// Port 9 of this machine (discard): nobody listens there.
beforeAll(async () => {
  stack = await startTestStack({
    CONTROL_PLANE_URL: "http://127.0.0.1:9",
    CONTROL_PLANE_TOKEN: `jkt_${"0".repeat(64)}`
  })
})
afterAll(() => stack?.stop())

it("with a control plane that is not there: charged, said so, and never charged again", async () => {
  const wallet = walletOn(stack)
  const before = await wallet.balance(stack.info.recipient)
  const body = fresh("plain-js")
  const deploy = () =>
    wallet.fetch(`${stack.info.gateway}/deploy`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" }
    })
  const response = await deploy()
  const answer = (await response.json()) as Record<string, unknown>
  assert.deepStrictEqual(
    [response.status, answer.code, answer.charged, answer.fault],
    [502, "deploy_failed", true, "service"],
    JSON.stringify(answer)
  )
  assert.match(String(answer.detail), /do not pay again/)
  assert.isNull(response.headers.get("payment-receipt"))

  const status = await fetch(String(answer.status_url))
  assert.strictEqual(((await status.json()) as { status: string }).status, "delivering")

  // An agent that starts over, with a credential of its own and no key.
  const again = await deploy()
  assert.strictEqual(((await again.json()) as Record<string, unknown>).deployment_id, answer.deployment_id)
  assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n)

  const health = await fetch(`${stack.info.gateway}/health`)
  assert.strictEqual(((await health.json()) as { status: string }).status, "ok")
})
