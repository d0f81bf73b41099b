import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test"
import { assert, beforeEach, describe, it } from "vitest"
import { testCredential } from "../../../src/payment/testing.ts"
import { broken, host, payments } from "../main.ts"
import { DAY, expiryOf, killAt, over, remove, renew, renewals, wakeRenewal } from "./renewals.ts"
import { after, deploy, down, objectOf, purchaseOf, reset, send, status, wholeSecond } from "./support.ts"

beforeEach(() => {
  reset()
  payments.down = false
  broken.length = 0
})

describe("a renewal that is killed", () => {
  for (const lost of ["call", "answer"] as const) {
    it(`at the hold, whose ${lost} is lost, costs nothing, and the deployment goes on to its end`, async () => {
      const id = await deploy()
      const before = await expiryOf(id)
      await killAt(id, { operation: "hold", lost }, undefined)
      assert.strictEqual(payments.captured.size, 1)
      assert.strictEqual((await purchaseOf(id)).holds?.length ?? 0, lost === "call" ? 0 : 1)
      assert.strictEqual(await expiryOf(id), before)
      await over(id)
      if (lost === "answer") await runDurableObjectAlarm(objectOf(id))
      assert.strictEqual((await status(id)).status, "expired")
      assert.strictEqual(host.projects.size, 0)
    })

    it(`at the commit, whose ${lost} is lost, adds its hours once`, async () => {
      const id = await deploy()
      const before = await expiryOf(id)
      await killAt(id, { operation: "commit", lost }, "captured")
      assert.strictEqual(await expiryOf(id), before + (lost === "call" ? 0 : DAY))
      await wakeRenewal(id)
      assert.strictEqual(await expiryOf(id), before + DAY)
      const [renewal] = await renewals(id)
      assert.strictEqual(renewal?.state, "delivered")
      const answer = (await (await renew(id)).json()) as { readonly expires_at: string }
      assert.strictEqual(Date.parse(answer.expires_at), before + DAY)
      assert.strictEqual(payments.captured.size, 2)
      assert.strictEqual((await purchaseOf(id)).holds?.length, 0)
    })
  }

  it("at the hold, and is sent again with its credential, adds its hours once", async () => {
    const id = await deploy()
    const before = await expiryOf(id)
    const path = `/deployments/${id}/renew`
    const challenge = (await send(path, { method: "POST" })).headers.get("www-authenticate") ?? ""
    const post = () => send(path, { method: "POST", headers: { authorization: testCredential(challenge, "0xother") } })
    await killAt(id, { operation: "hold", lost: "answer" }, undefined, post)
    assert.strictEqual((await post()).status, 200)
    assert.strictEqual(payments.captured.size, 2)
    // Nothing is left for the deployment to ask the chain about.
    await after(id, ({ holds = [] }) => ({ holds: holds.map((held) => ({ ...held, due: Date.now() - 1 })) }))
    assert.strictEqual(await expiryOf(id), before + DAY)
  })

  it("before it was sent keeps the deployment until the chain excludes the payment, and no longer", async () => {
    const id = await deploy()
    payments.captures.push("stuck")
    assert.strictEqual((await renew(id)).status, 503)
    await abortAllDurableObjects()
    assert.strictEqual((await remove(id)).status, 409)
    // Its time is over, and the payment may still land.
    await over(id, -20)
    assert.strictEqual(host.projects.size, 1)
    assert.isTrue(await objectOf(id).claims(id, [...host.projects.keys()][0] ?? ""))
    // Its payer comes back. The answer does not say that nothing was charged.
    assert.deepInclude((await (await renew(id)).json()) as object, { status: 503, charged: null })
    payments.down = true
    await over(id)
    const [held] = (await purchaseOf(id)).holds ?? []
    assert.strictEqual(held?.attempts, 1)
    assert.closeTo(held?.due ?? 0, Date.now() + 5000, 2000)
    assert.strictEqual(host.projects.size, 1)
    payments.down = false
    await over(id)
    await runDurableObjectAlarm(objectOf(id))
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await status(id)).status, "expired")
    await wakeRenewal(id, ({ authorization }) => ({
      authorization: { ...authorization, validBefore: Math.floor(Date.now() / 1000) - 60 }
    }))
    assert.strictEqual((await renewals(id))[0]?.state, "failed")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("after it was paid is found by the deployment at its end, and adds its hours once", async () => {
    const id = await deploy()
    payments.captures.push("lost")
    assert.strictEqual((await renew(id)).status, 503)
    await abortAllDurableObjects()
    await over(id)
    const extended = await expiryOf(id)
    assert.closeTo(extended, Date.now() + DAY, 5000)
    assert.strictEqual((await status(id)).status, "live")
    assert.strictEqual(host.projects.size, 1)
    await wakeRenewal(id)
    assert.strictEqual((await renewals(id))[0]?.state, "delivered")
    assert.strictEqual(await expiryOf(id), extended)
    assert.strictEqual(payments.captured.size, 2)
  })
})

describe("a paid renewal", () => {
  it("that its deployment does not record is answered with 502, and recorded by the alarm", async () => {
    const id = await deploy()
    const before = await expiryOf(id)
    broken.push(
      { operation: "commit", lost: "call", hangs: false },
      { operation: "commit", lost: "call", hangs: false }
    )
    const response = await renew(id)
    assert.deepInclude((await response.json()) as object, {
      status: 502,
      code: "deploy_failed",
      charged: true,
      fault: "service",
      deployment_id: id
    })
    // The deployment does not end, whatever its payer or its clock says.
    assert.strictEqual((await remove(id)).status, 409)
    await wakeRenewal(id)
    assert.strictEqual((await renewals(id))[0]?.attempts, 2)
    await wakeRenewal(id)
    assert.strictEqual(await expiryOf(id), before + DAY)
    assert.strictEqual(payments.captured.size, 2)
    assert.strictEqual((await remove(id)).status, 200)
  })

  it("tags the project again when the host was down", async () => {
    const id = await deploy()
    host.next("tag", down)
    assert.strictEqual((await renew(id)).status, 200)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const tag = `expires:${(await expiryOf(id)) / 1000}`
    const tags = () => [...host.projects.values()][0]?.tags ?? []
    assert.notInclude(tags(), tag)
    await after(id, ({ retag }) => ({ retag: { attempts: retag?.attempts ?? 0, due: Date.now() - 1 } }))
    assert.include(tags(), tag)
    const { due, retag } = await purchaseOf(id)
    assert.isUndefined(retag)
    assert.strictEqual(wholeSecond(due), await expiryOf(id))
  })

  it("whose tags are late delays no delete of its deployment", async () => {
    const id = await deploy()
    host.next("tag", down)
    assert.strictEqual((await renew(id)).status, 200)
    await new Promise((resolve) => setTimeout(resolve, 50))
    host.next("remove", down, down)
    assert.strictEqual((await remove(id)).status, 409)
    await after(id, ({ retag }) => ({ retag: { attempts: retag?.attempts ?? 0, due: Date.now() - 1 } }))
    assert.closeTo((await purchaseOf(id)).due ?? 0, Date.now(), 60_000)
    await after(id, () => ({}))
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await status(id)).status, "deleted")
  })

  it("is forgotten a week after the time that it paid for", async () => {
    const id = await deploy()
    assert.strictEqual((await renew(id)).status, 200)
    const [renewal] = await renewals(id)
    assert.strictEqual(renewal?.due, (await expiryOf(id)) + 7 * DAY)
    await wakeRenewal(id)
    assert.deepStrictEqual(await renewals(id), [])
    assert.strictEqual((await status(id)).status, "live")
  })

  it("does not keep the deployment any longer than its hours", async () => {
    const id = await deploy()
    assert.strictEqual((await renew(id)).status, 200)
    await over(id)
    assert.strictEqual((await status(id)).status, "expired")
    assert.strictEqual(host.projects.size, 0)
  })
})

describe("a deployment whose time is over", () => {
  it("takes no renewal, also while a delete of its project fails", async () => {
    const id = await deploy()
    const challenge = (await send(`/deployments/${id}/renew`, { method: "POST" })).headers.get("www-authenticate") ?? ""
    host.next("remove", down)
    await over(id)
    assert.strictEqual(host.projects.size, 1)
    const authorization = testCredential(challenge, "0xother")
    const late = await send(`/deployments/${id}/renew`, { method: "POST", headers: { authorization } })
    assert.deepInclude((await late.json()) as object, { status: 410, charged: false })
    assert.strictEqual((await renew(id)).status, 410)
    assert.strictEqual(payments.captured.size, 1)
  })
})
