import { env, runInDurableObject } from "cloudflare:test"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it } from "vitest"
import { losesItsAnswer } from "../../../src/control-plane/testing.ts"
import { timestamp } from "../../../src/domain/Order.ts"
import { problem } from "../../support/gateway.ts"
import { host, payments } from "../main.ts"
import {
  after,
  call,
  deploy,
  down,
  expiry,
  next,
  objectOf,
  pause,
  purchaseOf,
  reset,
  send,
  status,
  wholeSecond
} from "./support.ts"

beforeEach(reset)

describe("an expiring deployment", () => {
  it("sets its alarm when it goes live", async () => {
    const id = await deploy()
    const alarm = await runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    assert.strictEqual(wholeSecond(alarm), Date.parse(String((await status(id)).expires_at)))
  })

  it("deletes the project and its index entry, and answers 410 to its key", async () => {
    const id = await deploy({ "idempotency-key": "k" })
    const [project] = [...host.projects.values()]
    assert.isNotNull(await env.EXPIRY.get(`deploy:${project?.id}`))
    await expiry(id)
    assert.strictEqual(host.projects.size, 0)
    assert.isNull(await env.EXPIRY.get(`deploy:${project?.id}`))
    assert.strictEqual((await status(id)).status, "expired")
    const again = await problem(await call("POST", "/deploy", next.body, { "idempotency-key": "k" }))
    assert.deepStrictEqual([again.status, again.code, again.charged], [410, "expired", true])
    const update = await problem(await call("PUT", `/deployments/${id}`, next.body))
    assert.strictEqual(update.code, "expired")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("outlasts an outage of the host, with pauses of at most 8 seconds", async () => {
    const id = await deploy()
    host.next("remove", ...Array.from({ length: 20 }, () => down))
    await expiry(id)
    for (let tries = 1; tries < 20; tries++) {
      const { due, attempts } = await purchaseOf(id)
      assert.strictEqual(attempts, tries)
      assert.isAtMost(due! - Date.now(), 8_000)
      await pause(id)
    }
    const before = await status(id)
    assert.strictEqual(before.status, "live")
    assert.match(String(before.last_failure), /has not deleted it yet/)
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.deepInclude(await status(id), { status: "expired", last_failure: null })
  })

  it("counts a missing project as deleted, and deletes again after a lost answer", async () => {
    const gone = await deploy()
    host.projects.clear()
    await expiry(gone)
    assert.strictEqual((await status(gone)).status, "expired")
    next.body = next.body.replace("expiring", "again")
    const lost = await deploy()
    host.next("remove", losesItsAnswer)
    await expiry(lost)
    assert.strictEqual((await status(lost)).status, "live")
    await pause(lost)
    assert.strictEqual((await status(lost)).status, "expired")
  })

  it("deletes again while the host still lists the project", async () => {
    const id = await deploy()
    host.next("remove", () => Effect.void)
    await expiry(id)
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual((await status(id)).status, "live")
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await status(id)).status, "expired")
  })

  it("is forgotten after a week and leaves nothing in storage", async () => {
    const id = await deploy()
    await expiry(id)
    const { due } = await purchaseOf(id)
    assert.closeTo(due! - Date.now(), 7 * 86_400_000, 5_000)
    await pause(id)
    assert.strictEqual((await send(`/deployments/${id}`)).status, 404)
    await runInDurableObject(objectOf(id), async (_order, { storage }) => {
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'purchase'").toArray(), [])
      assert.isNull(await storage.getAlarm())
    })
    // The client can buy it again.
    assert.notStrictEqual(await deploy(), id)
  })

  it("leaves another purchase of the same order alone", async () => {
    const first = await deploy({ "idempotency-key": "a" })
    const second = await deploy({ "idempotency-key": "b" })
    await after(first, ({ id, answer, due }) =>
      id === first ? { answer: { ...answer!, expires_at: timestamp(Date.now() - 2000) } } : { due }
    )
    assert.strictEqual((await status(first)).status, "expired")
    assert.strictEqual((await status(second)).status, "live")
    await after(first, ({ id, due }) => (id === first ? {} : { due }))
    assert.strictEqual((await send(`/deployments/${first}`)).status, 404)
    assert.strictEqual((await status(second)).status, "live")
    assert.strictEqual(host.projects.size, 1)
  })
})
