import { abortAllDurableObjects, env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { timestamp } from "../../../src/domain/Order.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { after, deploy, expiry, objectOf, purchaseOf, reset, send, status } from "../expiry/support.ts"
import { mail } from "../main.ts"
import { hasUnsent, allSent } from "../all-sent.ts"

beforeEach(reset)
afterEach(() => void (mail.fate = "arrives"))

/** Returns what the payer's list says of a deployment. */
const listed = async (id: string) => {
  const challenge = (await send("/deployments")).headers.get("www-authenticate") ?? ""
  const response = await send("/deployments", { headers: { authorization: testCredential(challenge, "0xpayer") } })
  assert.strictEqual(response.status, 200, await response.clone().text())
  const { deployments } = (await response.json()) as { readonly deployments: ReadonlyArray<Record<string, unknown>> }
  return deployments.find((one) => one["deployment_id"] === id)
}

/** Deploys while no notice arrives. */
const deployUnsent = async (fate: "refused" | "dies") => {
  mail.fate = fate
  return deploy({}, { waits: false })
}

const outboxOf = (id: string) =>
  runInDurableObject(objectOf(id), (_order, { storage }) =>
    storage.sql.exec<{ seq: number; attempts: number; due: number | null }>("SELECT * FROM outbox").one()
  )

/** Lets the pause before the next try pass, and runs the order's alarm. */
const pass = async (id: string) => {
  await runInDurableObject(objectOf(id), (_order, { storage }) =>
    storage.sql.exec("UPDATE outbox SET due = 1 WHERE due IS NOT NULL")
  )
  assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
}

describe("a payer's list", () => {
  it("has what the process wrote before it died, once the order's alarm has rung", async () => {
    const id = await deployUnsent("dies")
    assert.strictEqual((await status(id))["status"], "live")
    assert.isUndefined(await listed(id))
    const { due } = await outboxOf(id)
    const alarm = await runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    assert.isAtMost(alarm ?? Infinity, due ?? 0)
    assert.isAtMost(alarm ?? Infinity, Date.now() + 10_000)
    await abortAllDurableObjects()
    mail.fate = "arrives"
    await pass(id)
    assert.deepStrictEqual(await listed(id), await status(id))
    assert.isFalse(await hasUnsent(objectOf(id)))
  })

  it("that cannot be reached delays no deploy, and is sent again at growing pauses", async () => {
    const since = Date.now()
    const id = await deployUnsent("refused")
    assert.isBelow(Date.now() - since, 2_000)
    for (let attempts = (await outboxOf(id)).attempts + 1; attempts < 6; attempts++) {
      await pass(id)
      const row = await outboxOf(id)
      assert.strictEqual(row.attempts, attempts)
      assert.closeTo((row.due ?? 0) - Date.now(), 5_000 * 2 ** (attempts - 1), 1_000)
    }
    assert.isUndefined(await listed(id))
    mail.fate = "arrives"
    await pass(id)
    assert.deepStrictEqual(await listed(id), await status(id))
    // From now on the order wakes up for the deployment's end alone.
    const alarm = await runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    assert.strictEqual(timestamp(alarm ?? 0), (await status(id))["expires_at"])
  })

  it("shows the end of a deployment, which its order does not forget before", async () => {
    const id = await deploy()
    mail.fate = "refused"
    await expiry(id)
    assert.strictEqual((await listed(id))?.["status"], "live")
    const forget = () => after(id, () => ({ due: Date.now() - 1 }))
    await forget()
    assert.strictEqual((await purchaseOf(id)).state, "expired")
    // The order waits for that without haste, because the object may stay away for long.
    assert.isAtLeast((await purchaseOf(id)).due ?? 0, Date.now() + 600_000)
    mail.fate = "arrives"
    await pass(id)
    assert.deepInclude(await listed(id), { status: "expired" })
    await forget()
    assert.isUndefined(await purchaseOf(id))
    assert.deepInclude(await listed(id), { status: "expired" })
  })

  it("lets no alarm ring without a pause while its order cannot read the row", async () => {
    const id = await deployUnsent("refused")
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    await runInDurableObject(objectOf(id), (_order, { storage: { sql } }) => {
      sql.exec("UPDATE outbox SET due = 1")
      sql.exec("UPDATE purchase SET data = '{\"v\":2}'")
    })
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    log.mockRestore()
    const alarm = await runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    assert.isAtLeast(alarm ?? 0, Date.now() + 4_000)
  })

  it("has a deployment of an earlier release once its order writes something", async () => {
    const id = await deployUnsent("refused")
    await abortAllDurableObjects()
    mail.fate = "arrives"
    await runInDurableObject(objectOf(id), (_order, { storage }) => storage.sql.exec("DROP TABLE outbox"))
    await abortAllDurableObjects()
    assert.isUndefined(await listed(id))
    await expiry(id)
    await allSent(objectOf(id))
    assert.deepInclude(await listed(id), { status: "expired" })
  })

  it("leaves nothing on disk for an address without deployments", async () => {
    const challenge = (await send("/deployments")).headers.get("www-authenticate") ?? ""
    const headers = { authorization: testCredential(challenge, "0xnobody") }
    assert.strictEqual((await send("/deployments", { headers })).status, 200)
    assert.strictEqual((await send("/deployments", { headers })).status, 402)
    const object = env.PAYERS.get(env.PAYERS.idFromName("0xnobody"))
    const tables = await runInDurableObject(object, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master").toArray()
    )
    assert.deepStrictEqual(tables, [])
  })
})
