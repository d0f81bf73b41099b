import { abortAllDurableObjects, env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it, vi } from "vitest"
import { timestamp } from "../../../src/domain/Order.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { broken, host, payments } from "../main.ts"
import {
  DAY,
  edit,
  editRenewal,
  expiryOf,
  killAt,
  over,
  renew,
  renewals,
  renewalUnder,
  wakeRenewal
} from "./renewals.ts"
import { after, call, deploy, down, next, objectOf, purchaseOf, reset, send } from "./support.ts"

beforeEach(() => {
  reset()
  payments.down = false
  broken.length = 0
})

/** Returns a credential for a renewal, which is not sent. */
const signed = async (id: string) => {
  const unpaid = await send(`/deployments/${id}/renew`, { method: "POST" })
  return testCredential(unpaid.headers.get("www-authenticate") ?? "", "0xother")
}

const renewWith = (id: string, authorization: string) =>
  send(`/deployments/${id}/renew`, { method: "POST", headers: { authorization } })

const problemOf = async (response: Response) => (await response.json()) as Record<string, unknown>

describe("a renewal whose answer nobody has received", () => {
  /** Renews, and nobody receives the answer. */
  const unanswered = async () => {
    const id = await deploy()
    await killAt(id, { operation: "commit", lost: "answer" }, "captured")
    await wakeRenewal(id)
    assert.deepInclude(await renewalUnder(id), { state: "delivered", answered: false })
    return id
  }

  it("is the answer to an agent that starts over at once, under another key", async () => {
    const id = await unanswered()
    const ends = await expiryOf(id)
    const again = await renew(id, { "idempotency-key": "another" })
    assert.strictEqual(again.status, 200)
    assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
    assert.strictEqual(payments.captured.size, 2)
    assert.strictEqual(await expiryOf(id), ends)
    // From here on its payer has the answer, and the next one buys more time.
    assert.strictEqual((await renew(id, { "idempotency-key": "a third" })).status, 200)
    assert.strictEqual(payments.captured.size, 3)
    assert.strictEqual(await expiryOf(id), ends + DAY)
  })

  it("is no answer to another key ten minutes later, which adds its own hours", async () => {
    const id = await unanswered()
    const ends = await expiryOf(id)
    await editRenewal(id, { updatedAt: Date.now() - 601_000 })
    assert.strictEqual((await renew(id, { "idempotency-key": "another" })).status, 200)
    assert.strictEqual(payments.captured.size, 3)
    assert.strictEqual(await expiryOf(id), ends + DAY)
    // Its own key is answered as ever.
    assert.strictEqual((await renew(id)).status, 200)
    assert.strictEqual(payments.captured.size, 3)
  })
})

describe("a deployment whose project is gone at the host", () => {
  it("takes no renewal, and says how it gets live again", async () => {
    const id = await deploy()
    const authorization = await signed(id)
    await edit(id, { gone: true })
    for (const refused of [await renew(id), await renewWith(id, authorization)]) {
      const problem = await problemOf(refused)
      assert.deepInclude(problem, { status: 409, code: "order_in_progress", charged: false, deployment_id: id })
      assert.match(String(problem["detail"]), /gone at the host.*creates it again/)
    }
    await edit(id, { gone: true, failure: { fault: "code", detail: "it throws", at: 1 } })
    for (const refused of [await renew(id), await renewWith(id, authorization)]) {
      assert.match(String((await problemOf(refused))["detail"]), /gone at the host.*PUT/)
    }
    assert.strictEqual(payments.calls.capture > 0 && payments.captured.size, 1)
    assert.isUndefined((await purchaseOf(id)).holds)
  })
})

describe("a renewal that is charged and whose deployment is forgotten", () => {
  it("ends as owed, says so in the log and to its payer, and tries again only when its payer comes back", async () => {
    const lines: Array<string> = []
    const log = vi.spyOn(console, "log").mockImplementation((...values) => void lines.push(values.join(" ")))
    const owed = () => lines.filter((line) => line.includes("owed: a renewal was charged")).length
    const id = await deploy()
    const authorization = await signed(id)
    broken.push({ operation: "commit", lost: "call", hangs: false })
    const first = await problemOf(await renewWith(id, authorization))
    assert.deepInclude(first, { status: 502, charged: true })
    const { idempotency_key: key } = first["retry"] as { readonly idempotency_key: string }
    await runInDurableObject(objectOf(id), (_order, { storage }) => makePurchaseStore(storage).delete(id))
    await abortAllDurableObjects()
    await wakeRenewal(id)
    assert.strictEqual(owed(), 1)
    assert.deepStrictEqual(await renewals(id), [], "it wakes up for nothing")
    const renewal = await renewalUnder(id, key)
    assert.deepInclude(renewal, { state: "captured", due: null })
    assert.match(renewal?.failure?.detail ?? "", /^owed: /)
    const row = `owed:${renewal?.id}`
    await vi.waitUntil(async () => (await env.EXPIRY.get(row)) !== null)
    // The operator has paid it back.
    await env.EXPIRY.delete(row)
    const again = () =>
      send(`/deployments/${id}/renew`, { method: "POST", headers: { authorization, "idempotency-key": key } })
    const owing = await problemOf(await again())
    assert.deepInclude(owing, {
      status: 502,
      code: "deploy_failed",
      charged: true,
      fault: "service",
      deployment_id: id
    })
    assert.match(String(owing["detail"]), /refund/)
    assert.notProperty(owing, "retry_after")
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.isNull(await env.EXPIRY.get(row), "a repeated call does not list it again")
    assert.deepStrictEqual(await renewals(id), [])
    assert.strictEqual(payments.captured.size, 2)
    log.mockRestore()
  })

  it("adds its hours to a deployment that has lost the hold, until its removal begins", async () => {
    const id = await deploy()
    const before = await expiryOf(id)
    broken.push({ operation: "commit", lost: "call", hangs: false })
    assert.strictEqual((await renew(id)).status, 502)
    // As after a release that does not know holds.
    await edit(id, { holds: [] })
    await wakeRenewal(id)
    assert.strictEqual(await expiryOf(id), before + DAY)
  })
})

describe("a deployment whose removal has begun", () => {
  /** Turns the clock back, as far as this deployment can see: its time is not over any more. */
  const clockBack = async (id: string) => {
    const { answer } = await purchaseOf(id)
    await edit(id, { answer: { ...answer!, expires_at: timestamp(Date.now() + 60_000) } })
  }

  it("takes no renewal, whatever the clock says then, and goes", async () => {
    const id = await deploy({ "idempotency-key": "mine" })
    const authorization = await signed(id)
    host.next("remove", down)
    await over(id)
    assert.strictEqual(host.projects.size, 1)
    await clockBack(id)
    for (const late of [await renew(id), await renewWith(id, authorization)]) {
      assert.deepInclude(await problemOf(late), { status: 410, code: "expired", charged: false })
    }
    assert.strictEqual(payments.captured.size, 1)
    await after(id, () => ({}))
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await purchaseOf(id)).state, "expired")
    // Its key is answered from storage.
    const key = await call("POST", "/deploy", next.body, { "idempotency-key": "mine" })
    assert.deepStrictEqual([key.status, key.headers.get("idempotent-replayed")], [410, "true"])
  })

  it("is removed after a crash in between, whatever the clock says then", async () => {
    const id = await deploy()
    const log = vi.spyOn(console, "log").mockImplementation(() => {})
    // Nothing of the process continues after this.
    host.next("remove", () => Effect.interrupt)
    await over(id)
    log.mockRestore()
    assert.deepInclude(await purchaseOf(id), { state: "delivered", ending: true, attempts: 0 })
    await abortAllDurableObjects()
    await clockBack(id)
    assert.strictEqual((await renew(id)).status, 410)
    await edit(id, { due: Date.now() - 1 })
    await runDurableObjectAlarm(objectOf(id))
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await purchaseOf(id)).state, "expired")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("by the sweep takes no renewal either", async () => {
    const id = await deploy()
    const [projectId = ""] = [...host.projects.keys()]
    const { answer } = await purchaseOf(id)
    await edit(id, { answer: { ...answer!, expires_at: timestamp(Date.now() - 700_000) } })
    assert.isFalse(await objectOf(id).claims(id, projectId))
    await clockBack(id)
    assert.strictEqual((await renew(id)).status, 410)
  })
})
