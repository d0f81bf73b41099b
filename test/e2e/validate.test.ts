import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { exampleExecution } from "../../src/api/discovery/example.ts"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, run, startTestStack, walletOn } from "./support.ts"

let stack: Stack
beforeAll(async () => {
  stack = await startTestStack({
    TEMPO_NETWORK: "testnet",
    TEMPO_CURRENCIES: "pathUSD,AlphaUSD",
    CONTACT_EMAIL: "jane@compute.example"
  })
})
afterAll(() => stack?.stop())

/** Runs the protocol's validator, which pays on the public testnet: its JSON-RPC is this machine's chain instead. */
const validate = async (endpoint: string, ...more: ReadonlyArray<string>) => {
  const redirect = fileURLToPath(new URL("./payment/testnet-redirect.mjs", import.meta.url))
  const { code, stdout, stderr } = await run(
    "mppx",
    ["validate", stack.info.gateway, "-e", endpoint, ...more, "-y", "-j"],
    {
      NODE_OPTIONS: `--import ${redirect}`,
      LOCAL_RPC: stack.info.rpc
    }
  )
  assert.strictEqual(code, 0, stdout + stderr)
  const { summary } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { summary: Record<string, number> }
  assert.deepStrictEqual([summary["failed"], summary["suggested"]], [0, 0], stdout)
  // The validator has paid, too.
  assert.match(stdout, /Payment: successful/)
  assert.isAtLeast(summary["passed"] ?? 0, 20)
}

describe("the protocol's own validator", () => {
  it("finds nothing to suggest about a deploy", async () => {
    assert.strictEqual(stack.info.chainId, 42431)
    await validate("POST:/deploy", "--body", fresh("plain-js"))
  })

  it("finds nothing to suggest about a run", () =>
    validate("POST:/execute", "--body", JSON.stringify(exampleExecution)))

  it("finds nothing to suggest about a renewal", async () => {
    const response = await walletOn(stack).fetch(`${stack.info.gateway}/deploy`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: fresh("plain-js")
    })
    const { deployment_id } = (await response.json()) as { readonly deployment_id: string }
    await validate(`POST:/deployments/${deployment_id}/renew`)
  })
})

/** The part of AgentCash's answers that this test reads. */
interface Discovered {
  readonly ok: boolean
  readonly resources: ReadonlyArray<{
    readonly method: string
    readonly path: string
    readonly authHint?: string
    readonly priceHint?: string
    readonly protocols?: ReadonlyArray<string>
  }>
  readonly warnings: ReadonlyArray<unknown>
  readonly meta: { readonly guidanceTokens: number; readonly guidance: string }
}
interface Checked {
  readonly found: boolean
  readonly advisories: ReadonlyArray<{
    readonly method: string
    readonly authMode: string
    readonly estimatedPrice: string
    readonly protocols: ReadonlyArray<string>
    readonly inputSchema?: { readonly requestBody?: { readonly required?: ReadonlyArray<string> } }
    readonly outputSchema?: { readonly required?: ReadonlyArray<string> }
  }>
  readonly warnings: ReadonlyArray<unknown>
}

describe("AgentCash's discovery client", () => {
  const discovery = async <A>(command: "discover" | "check", path = "", verbose: ReadonlyArray<string> = []) => {
    const args = [command, stack.info.gateway + path, "--json", ...verbose]
    const { code, stdout, stderr } = await run("discovery", args)
    assert.strictEqual(code, 0, stdout + stderr)
    return JSON.parse(stdout) as A
  }
  const PAID = { "/deploy": "0.10 USD", "/execute": "0.01 USD", "/deployments/{deployment_id}/renew": "0.10 USD" }

  it("lists every operation, with price and protocol where it costs money, and warns of nothing", async () => {
    const { ok, resources, warnings, meta } = await discovery<Discovered>("discover", "", ["-v"])
    assert.isTrue(ok)
    assert.deepStrictEqual(warnings, [])
    const paid = resources.filter(({ authHint }) => authHint === "paid")
    assert.deepStrictEqual(Object.fromEntries(paid.map(({ path, priceHint }) => [path, priceHint ?? ""])), PAID)
    for (const { path, protocols } of paid) assert.deepStrictEqual(protocols, ["mpp", "mpp"], path)
    const others = resources.filter((resource) => !paid.includes(resource))
    for (const { authHint, path } of others) assert.strictEqual(authHint, "unprotected", path)
    assert.isAtLeast(others.length, 7)
    assert.isBelow(meta.guidanceTokens, 1000, "it is given to agents without asking")
    assert.include(meta.guidance, `${stack.info.gateway}/llms.txt`)
  })

  it("sees price, protocol, input and output of each paid operation", async () => {
    const inputs = { "/deploy": ["files"], "/execute": ["code"] }
    for (const [path, price] of Object.entries(PAID)) {
      const { found, advisories, warnings } = await discovery<Checked>("check", path)
      assert.isTrue(found, path)
      assert.deepStrictEqual(warnings, [], path)
      const [advisory] = advisories.filter(({ method }) => method === "POST")
      assert.deepInclude(advisory, { authMode: "paid", estimatedPrice: price, protocols: ["mpp", "mpp"] })
      assert.deepStrictEqual(advisory?.inputSchema?.requestBody?.required, inputs[path as keyof typeof inputs], path)
      assert.isNotEmpty(advisory?.inputSchema, path)
      assert.isNotEmpty(advisory?.outputSchema?.required, path)
    }
  })
})
