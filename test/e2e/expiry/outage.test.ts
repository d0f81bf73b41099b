import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { type ProxiedResponse, type Rule, startProxy, type Proxy } from "../../fault-injection/proxy.ts"
import { fresh, startTestStack, walletOn } from "../support.ts"

let stack: Stack
let host: Proxy
beforeAll(async () => {
  stack = await startTestStack(
    {},
    {
      reroute: async (settings) => {
        host = await startProxy(settings.CONTROL_PLANE_URL ?? "")
        return { ...settings, CONTROL_PLANE_URL: host.url }
      }
    }
  )
})
afterAll(async () => {
  await stack?.stop()
  await host?.stop()
})

const cutAll: Rule = async (): Promise<ProxiedResponse> => "cut"
const cutAllButTheQuestion: Rule = (exchange, forward) =>
  exchange.path === "/v1/me" ? undefined : cutAll(exchange, forward)

const makeClient = () => {
  const wallet = walletOn(stack)
  const body = fresh("plain-js")
  const deploy = () =>
    wallet.fetch(`${stack.info.gateway}/deploy`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" }
    })
  return { wallet, deploy }
}
const projects = async () => {
  const headers = { authorization: `Bearer ${stack.info.controlPlaneToken}` }
  const answer = await fetch(`${stack.info.controlPlane}/v1/projects`, { headers })
  return ((await answer.json()) as { projects: Array<unknown> }).projects.length
}
const healthOf = async () =>
  (await (await fetch(`${stack.info.gateway}/health`)).json()) as { status: string; host?: { status: string } }

it("refuses a deploy before the payment while the control plane is down", async () => {
  const { wallet, deploy } = makeClient()
  const [before, made] = [await wallet.balance(stack.info.recipient), await projects()]
  host.rules.add(cutAll)
  const response = await deploy()
  const answer = (await response.json()) as Record<string, unknown>
  assert.deepStrictEqual([response.status, answer.code, answer.charged], [502, "deploy_failed", false])
  assert.notProperty(answer, "deployment_id")
  assert.match(response.headers.get("retry-after") ?? "", /^\d+$/)
  assert.deepInclude((await healthOf()).host, { status: "unavailable" })
  host.rules.delete(cutAll)
  assert.strictEqual(await wallet.balance(stack.info.recipient), before)
  assert.strictEqual(await projects(), made)

  assert.strictEqual((await deploy()).status, 200)
  assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n)
  assert.notProperty(await healthOf(), "host")
})

it("reports a charge and never charges again if the control plane goes down after the payment", async () => {
  const { wallet, deploy } = makeClient()
  const before = await wallet.balance(stack.info.recipient)
  host.rules.add(cutAllButTheQuestion)
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

  // An agent starts over, with a credential of its own and no key, while no server answers.
  host.rules.delete(cutAllButTheQuestion)
  host.rules.add(cutAll)
  const again = await deploy()
  assert.strictEqual(((await again.json()) as Record<string, unknown>).deployment_id, answer.deployment_id)
  assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n)
  host.rules.delete(cutAll)
  assert.strictEqual((await healthOf()).status, "ok")
})
