import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, run, startTestStack } from "./support.ts"

let stack: Stack
beforeAll(async () => {
  stack = await startTestStack({ TEMPO_NETWORK: "testnet" })
})
afterAll(() => stack?.stop())

it("passes the protocol's own validator", async () => {
  assert.strictEqual(stack.info.chainId, 42431)
  const redirect = fileURLToPath(new URL("./payment/testnet-redirect.mjs", import.meta.url))
  const { code, stdout, stderr } = await run(
    "mppx",
    ["validate", stack.info.gateway, "-e", "POST:/deploy", "--body", fresh("plain-js"), "-y", "-j"],
    { NODE_OPTIONS: `--import ${redirect}`, LOCAL_RPC: stack.info.rpc }
  )
  assert.strictEqual(code, 0, stdout + stderr)
  const { summary } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { summary: Record<string, number> }
  assert.strictEqual(summary.failed, 0, stdout)
  // The validator has paid, too.
  assert.match(stdout, /Payment: successful/)
  assert.isAtLeast(summary.passed ?? 0, 20)
})
