import { abortAllDurableObjects, env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert, describe, it } from "vitest"
import { type Attempt, LEASE_MS, WINDOW_MS } from "../../../src/payers/Attempts.ts"
import type { PayerObject } from "../../../src/payers/PayerObject.ts"

const fresh = () => env.PAYERS.get(env.PAYERS.newUniqueId())
type Object = DurableObjectStub<PayerObject>

/** Returns the same object again, after it has ended. */
const again = (object: Object) => env.PAYERS.get(object.id)

const stored = (object: Object) =>
  runInDurableObject(object, (_, { storage }) => storage.kv.get<ReadonlyArray<Attempt>>("attempts") ?? [])

const isEmpty = (object: Object) =>
  runInDurableObject(
    object,
    async (_, { storage }) => [...storage.kv.list()].length === 0 && (await storage.getAlarm()) === null
  )

/** Makes all stored attempts older while the object is not running. */
const age = async (object: Object, millis: number) => {
  await runInDurableObject(object, (_, { storage }) =>
    storage.kv.put(
      "attempts",
      (storage.kv.get<ReadonlyArray<Attempt>>("attempts") ?? []).map((one) => ({ ...one, at: one.at - millis }))
    )
  )
  await abortAllDurableObjects()
}

const build = async (object: Object, id: string) => {
  assert.strictEqual((await object.begin(id, "purchase")).refused, null)
  return object.keep(id, "purchase")
}

describe("a payer's object", () => {
  it("begins four attempts of fifty at once", async () => {
    const object = fresh()
    const begun = await Promise.all(Array.from({ length: 50 }, (_, at) => object.begin(String(at), "purchase")))
    assert.strictEqual(begun.filter(({ refused }) => refused === null).length, 4)
  })

  it("leaves nothing behind for a payer without a build", async () => {
    const object = fresh()
    for (let at = 0; at < 60; at++) {
      await object.begin(String(at), "purchase")
      await object.end(String(at), "failed")
    }
    assert.strictEqual((await object.begin("more", "purchase")).refused, "failed")
    assert.isTrue(await isEmpty(object))
  })

  it("keeps attempts with a build over a restart, and counts a lost one as failed within a minute", async () => {
    let object = fresh()
    for (const id of ["a", "b", "c", "d"]) await build(object, id)
    await abortAllDurableObjects()
    object = again(object)
    await object.begin("e", "purchase")
    assert.strictEqual((await object.keep("e", "purchase")).refused, "in flight")
    await age(object, LEASE_MS)
    object = again(object)
    assert.deepInclude(await build(object, "e"), { refused: null, failures: 4 })
    await object.end("a", "forgotten")
    assert.strictEqual((await build(object, "f")).failures, 3)
  })

  it("refuses the sixty-first attempt after a restart", async () => {
    let object = fresh()
    for (let at = 0; at < 60; at++) {
      await build(object, String(at))
      await object.end(String(at), "failed")
    }
    assert.strictEqual((await object.begin("61", "purchase")).refused, "failed")
    await abortAllDurableObjects()
    object = again(object)
    await object.begin("61", "purchase")
    assert.strictEqual((await object.keep("61", "purchase")).refused, "failed")
    assert.strictEqual((await object.begin("62", "purchase")).refused, "failed")
    assert.strictEqual((await stored(object)).length, 60)
  })

  it("is empty when all its attempts are paid", async () => {
    const object = fresh()
    await build(object, "a")
    assert.isFalse(await isEmpty(object))
    await object.end("a", "forgotten")
    assert.isTrue(await isEmpty(object))
    await build(object, "b")
    assert.strictEqual((await stored(object)).length, 1)
  })

  it("deletes everything by its alarm once no attempt counts, and not before", async () => {
    let object = fresh()
    await build(object, "a")
    await object.end("a", "failed")
    await runInDurableObject(object, async (_, { storage }) =>
      assert.isAbove((await storage.getAlarm())!, Date.now() + WINDOW_MS - 60_000)
    )
    assert.isTrue(await runDurableObjectAlarm(object))
    assert.strictEqual((await stored(object)).length, 1)
    await age(object, WINDOW_MS)
    object = again(object)
    assert.isTrue(await runDurableObjectAlarm(object))
    assert.isTrue(await isEmpty(object))
  })
})
