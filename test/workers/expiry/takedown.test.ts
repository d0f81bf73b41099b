import { env } from "cloudflare:test"
import { assert, beforeEach, describe, it, vi } from "vitest"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { parseId } from "../../../src/domain/DeploymentId.ts"
import { operatorToken, host, payments } from "../main.ts"
import { after, call, deploy, down, expiry, next, objectOf, pause, purchaseOf, reset, send, status } from "./support.ts"

beforeEach(reset)

const operator = { authorization: `Basic ${btoa(`operator:${operatorToken}`)}`, "content-type": "application/json" }

const takeDown = async (id: string) => {
  const init = { method: "POST", headers: operator, body: JSON.stringify({ reason: "It phishes." }) }
  const response = await send(`/operator/deployments/${id}/takedown`, init)
  assert.strictEqual(response.status, 200, await response.clone().text())
  return (await response.json()) as Record<string, unknown>
}

const owed = async (id: string) => {
  const { rows } = (await (await send("/operator/owed", { headers: operator })).json()) as {
    rows: ReadonlyArray<Record<string, unknown>>
  }
  return rows.filter((row) => row["deployment_id"] === id)
}

describe("a deployment that was taken down", () => {
  it("is gone, is in no list, and is not made again by any alarm", async () => {
    const id = await deploy()
    const listed = async () => (await env.EXPIRY.list({ prefix: "live:" })).keys.some(({ name }) => name.endsWith(id))
    assert.isTrue(await listed())
    assert.deepInclude(await takeDown(id), { status: "deleted", taken_down: "It phishes.", confirmed: true })
    assert.strictEqual(host.projects.size, 0)
    assert.isFalse(await listed())
    assert.deepInclude(await status(id), { status: "deleted", taken_down: "It phishes.", url: null })
    assert.isFalse(await objectOf(id).claims(id, "project-1"))
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
  })

  it("is deleted by the alarm when the host was down", async () => {
    const id = await deploy()
    host.next("remove", down, down)
    assert.deepInclude(await takeDown(id), { confirmed: false })
    await pause(id)
    assert.match(String((await status(id))["last_failure"]), /was taken down.*not deleted it yet/)
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.deepInclude(await status(id), { status: "deleted", taken_down: "It phishes.", last_failure: null })
  })

  it("before it was live is not delivered by the alarm, and its payment is owed back", async () => {
    host.next("create", down)
    const failed = await call("POST", "/deploy", next.body)
    const id = String(((await failed.json()) as { deployment_id: string }).deployment_id)
    // The host may have a project whose create's answer was lost.
    host.next("findBySlug", down)
    assert.deepInclude(await takeDown(id), { confirmed: false })
    assert.deepInclude((await owed(id))[0], { state: "refund", amount: "0.10" })
    const created = host.calls.length
    await pause(id)
    assert.isFalse(host.calls.slice(created).some((made) => made.startsWith("create") || made.startsWith("upload")))
    assert.strictEqual((await status(id))["status"], "deleted")
  })

  it("is listed as owed back by the alarm if the process died before that", async () => {
    const died = (id: string) => {
      const takedown = { at: Date.now(), reason: "It phishes." }
      return after(id, () => ({ takedown, deletedAt: takedown.at, attempts: 0, failure: null }))
    }
    host.next("create", down)
    const failed = await call("POST", "/deploy", next.body)
    const undelivered = String(((await failed.json()) as { deployment_id: string }).deployment_id)
    await died(undelivered)
    assert.deepInclude((await owed(undelivered))[0], { state: "refund", operation: "deploy" })
    reset()
    const renewed = await deploy()
    assert.strictEqual((await call("POST", `/deployments/${renewed}/renew`, "")).status, 200)
    await died(renewed)
    assert.deepInclude((await owed(renewed))[0], { state: "refund", operation: "renew" })
    assert.strictEqual(host.projects.size, 0)
  })

  it("during an update whose upload failed is not updated by the alarm", async () => {
    const id = await deploy()
    host.next("upload", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    assert.strictEqual((await call("PUT", `/deployments/${id}`, `${next.body} `)).status, 502)
    assert.isNotNull((await purchaseOf(id)).update)
    host.next("remove", down)
    assert.deepInclude(await takeDown(id), { confirmed: false })
    const before = host.calls.length
    await pause(id)
    assert.isFalse(host.calls.slice(before).some((made) => made.startsWith("upload") || made.startsWith("create")))
    assert.strictEqual(host.projects.size, 0)
  })

  it("during a renewal ends at once, and the renewal's alarm lists its payment as owed back", async () => {
    const id = await deploy()
    payments.captures.push("lost")
    const renewed = await call("POST", `/deployments/${id}/renew`, "")
    assert.strictEqual(renewed.status, 503, await renewed.clone().text())
    const [held] = (await purchaseOf(id)).holds ?? []
    assert.deepInclude(await takeDown(id), { confirmed: true })
    assert.strictEqual(host.projects.size, 0)
    const renewal = held?.id ?? ""
    assert.isDefined(parseId(renewal))
    // It is listed before its order ends, because no alarm rings for an order that has ended.
    const put = env.EXPIRY.put.bind(env.EXPIRY) as (...values: ReadonlyArray<unknown>) => Promise<void>
    const states: Array<string> = []
    const spy = vi.spyOn(env.EXPIRY, "put").mockImplementation(async (...values: ReadonlyArray<unknown>) => {
      if (String(values[0]).startsWith("owed:")) states.push((await purchaseOf(renewal)).state)
      return put(...values)
    })
    await pause(renewal)
    for (let tries = 0; (await owed(id)).length === 0 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    spy.mockRestore()
    assert.deepStrictEqual(states, ["captured"])
    assert.deepInclude((await owed(id))[0], { id: renewal, operation: "renew", state: "refund", payer: "0xpayer" })
    assert.deepInclude(await purchaseOf(renewal), { state: "expired", due: null })
    assert.strictEqual(host.projects.size, 0)
  })

  it("keeps its reason when its time is over", async () => {
    const id = await deploy()
    host.next("remove", down)
    await takeDown(id)
    await expiry(id)
    assert.deepInclude(await status(id), { status: "deleted", taken_down: "It phishes." })
    assert.strictEqual(host.projects.size, 0)
  })
})
