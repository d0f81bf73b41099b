import { abortAllDurableObjects, env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert, describe, it } from "vitest"
import type { Notice, Status } from "../../../src/domain/Status.ts"
import { PAGE_SIZE } from "../../../src/payers/page.ts"
import type { PayerObject } from "../../../src/payers/PayerObject.ts"

const HOUR = 3_600_000
const fresh = () => env.PAYERS.get(env.PAYERS.newUniqueId())

/** Returns the same object again, after it has ended. */
const again = async (object: DurableObjectStub<PayerObject>) => {
  await abortAllDurableObjects()
  return env.PAYERS.get(object.id)
}

const notice = (id: string, seq: number, over: Partial<Status> = {}, createdAt = 1_000): Notice => ({
  id,
  payer: "0xpayer",
  seq,
  createdAt,
  status: {
    deployment_id: id,
    url: null,
    status: "delivering",
    created_at: "2026-03-26T20:59:57Z",
    updated_at: null,
    verified_at: null,
    expires_at: null,
    charged: true,
    taken_down: null,
    report_url: "/reports",
    last_failure: null,
    warnings: [],
    lock: {},
    ...over
  }
})

let proofs = 0
const list = async (object: DurableObjectStub<PayerObject>, cursor?: string) => {
  const page = await object.list(`proof ${proofs++}`, cursor)
  assert.isNotNull(page)
  return page!
}
const states = async (object: DurableObjectStub<PayerObject>) =>
  Object.fromEntries((await list(object)).deployments.map(({ deployment_id, status }) => [deployment_id, status]))

const ofStorage = <A>(object: DurableObjectStub<PayerObject>, read: (storage: DurableObjectStorage) => A) =>
  runInDurableObject(object, (_, { storage }) => read(storage))

const isEmpty = (object: DurableObjectStub<PayerObject>) =>
  ofStorage(
    object,
    async (storage) =>
      (await storage.getAlarm()) === null &&
      [...storage.kv.list()].length === 0 &&
      storage.sql.exec("SELECT 1 FROM sqlite_master").toArray().length === 0
  )

describe("the deployments of a payer's object", () => {
  it("are the newest notices, however often and in whatever order they come", async () => {
    let object = fresh()
    await object.record(notice("dep_a", 2, { status: "live" }))
    await object.record(notice("dep_a", 1))
    await object.record(notice("dep_a", 2, { status: "failed" }))
    assert.deepStrictEqual(await states(object), { dep_a: "live" })
    object = await again(object)
    await object.record(notice("dep_a", 1))
    await object.record(notice("dep_b", 1))
    assert.deepStrictEqual(await states(object), { dep_a: "live", dep_b: "delivering" })
    await object.record(notice("dep_a", 3, { status: "expired" }))
    assert.deepStrictEqual(await states(object), { dep_a: "expired", dep_b: "delivering" })
  })

  it("spend each proof once, over a restart, too", async () => {
    let object = fresh()
    await object.record(notice("dep_a", 1))
    assert.isNotNull(await object.list("once"))
    assert.isNull(await object.list("once"))
    object = await again(object)
    assert.isNull(await object.list("once"))
    assert.isNotNull(await object.list("twice"))
  })

  it("outlive the payer's attempts, and the attempts outlive them", async () => {
    const object = fresh()
    await object.begin("x", "purchase")
    await object.keep("x", "purchase")
    await object.record(notice("dep_a", 1))
    await object.end("x", "forgotten")
    assert.deepStrictEqual(await states(object), { dep_a: "delivering" })
    await object.begin("y", "purchase")
    await object.keep("y", "purchase")
    await object.end("y", "failed")
    await object.record(notice("dep_a", 2, { status: "deleted" }))
    const alarm = await ofStorage(object, (storage) => storage.getAlarm())
    assert.isAtMost(alarm ?? Infinity, Date.now() + HOUR)
    await ofStorage(object, (storage) => storage.sql.exec("UPDATE deployment SET until = 1 WHERE until IS NOT NULL"))
    assert.isTrue(await runDurableObjectAlarm(object))
    assert.deepStrictEqual(await states(object), {})
    assert.strictEqual(
      await ofStorage(object, (storage) => storage.kv.get<ReadonlyArray<unknown>>("attempts")?.length),
      1
    )
  })

  it("are dropped a week after their end, by an alarm at a full hour, and then the object is empty", async () => {
    let object = fresh()
    await object.record(notice("dep_a", 1, { status: "live" }))
    assert.isNull(await ofStorage(object, (storage) => storage.getAlarm()))
    await object.record(notice("dep_a", 2, { status: "expired" }))
    await object.record(notice("dep_b", 1, { status: "failed", charged: false }))
    const alarm = (await ofStorage(object, (storage) => storage.getAlarm())) ?? 0
    assert.strictEqual(alarm % HOUR, 0)
    assert.closeTo(alarm - Date.now(), 7 * 24 * HOUR, HOUR)
    assert.isTrue(await runDurableObjectAlarm(object))
    assert.deepStrictEqual(await ofStorage(object, (storage) => storage.getAlarm()), alarm)
    await ofStorage(object, (storage) => storage.sql.exec("UPDATE deployment SET until = 1"))
    object = await again(object)
    assert.isTrue(await runDurableObjectAlarm(object))
    assert.isTrue(await isEmpty(object))
    await object.record(notice("dep_c", 1))
    assert.deepStrictEqual(await states(object), { dep_c: "delivering" })
  })

  it("are listed page by page, ten thousand of them, most pages in less than 100 ms", async () => {
    const object = fresh()
    const COUNT = 10_000
    await runInDurableObject(object, async (payer) => {
      for (let at = 0; at < COUNT; at++) await payer.record(notice(`dep_${at}`, 1, {}, Math.floor(at / 3)))
    })
    const seen = new Set<string>()
    const times: Array<number> = []
    for (let cursor: string | undefined, more = true; more;) {
      const since = performance.now()
      const { deployments, next } = await list(object, cursor)
      times.push(performance.now() - since)
      assert.isAtMost(deployments.length, PAGE_SIZE)
      for (const { deployment_id } of deployments) seen.add(deployment_id)
      cursor = next ?? undefined
      more = next !== null
    }
    assert.strictEqual(seen.size, COUNT)
    assert.isBelow(times.toSorted((one, other) => one - other)[times.length >> 1] ?? 0, 100)
  }, 60_000)
})
