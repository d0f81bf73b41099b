import {
  abortAllDurableObjects,
  env,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject
} from "cloudflare:test"
import * as Effect from "effect/Effect"
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import type { OrderObject } from "../../../src/orders/OrderObject.ts"
import type { PayerObject } from "../../../src/payers/PayerObject.ts"
import { RESERVATION_MS } from "../../../src/payers/Reservations.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { allSent } from "../all-sent.ts"
import { reset, send } from "../expiry/support.ts"
import { host, limits, payments } from "../main.ts"

const fresh = () => env.PAYERS.get(env.PAYERS.newUniqueId())

/** Returns the same object again, after it has ended. */
const again = async (object: DurableObjectStub<PayerObject>) => {
  await abortAllDurableObjects()
  return env.PAYERS.get(object.id)
}

/** Takes a place by an attempt of its own, which ends at once. Few attempts may be in flight, so others wait. */
const takePlace = async (object: DurableObjectStub<PayerObject>, id: string, max: number) => {
  for (;;) {
    const { refused, full } = await object.begin(id, "purchase", { id, max })
    if (refused !== null) continue
    if (full === null) await object.end(id, "forgotten")
    return full
  }
}

/** Lets a build begin, from which on the object keeps everything over a restart. */
const build = async (object: DurableObjectStub<PayerObject>) => {
  await object.begin("x", "purchase")
  await object.keep("x", "purchase")
}

beforeEach(reset)
afterEach(() => void (limits.maxLive = 1_000))

describe("the places of a payer", () => {
  it("are given to twenty of fifty at once, and to others once one is released", async () => {
    const object = fresh()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => takePlace(object, `dep_${at}`, 20)))
    assert.strictEqual(answers.filter((answer) => answer === null).length, 20)
    assert.isNull((await takePlace(object, "dep_51", 20))?.endsAt)
    await object.release("dep_0")
    assert.isNull(await takePlace(object, "dep_51", 20))
    assert.isNotNull(await takePlace(object, "dep_52", 20))
  })

  it("outlast a restart from the build on, and are given back after a minute", async () => {
    let object = fresh()
    await build(object)
    assert.isNull(await takePlace(object, "dep_a", 1))
    object = await again(object)
    assert.isNotNull(await takePlace(object, "dep_b", 1))
    await runInDurableObject(object, (_, { storage }) =>
      storage.kv.put("places", [["dep_a", Date.now() - 1]] satisfies ReadonlyArray<readonly [string, number]>)
    )
    assert.isAtMost(RESERVATION_MS, 60_000)
    object = await again(object)
    assert.isNull(await takePlace(object, "dep_b", 1))
  })

  it("leave nothing on disk for a payer without a build", async () => {
    const object = fresh()
    await takePlace(object, "dep_a", 2)
    await object.release("dep_a")
    await takePlace(object, "dep_b", 2)
    await runInDurableObject(object, async (_, { storage }) => {
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master").toArray(), [])
      assert.deepStrictEqual([...storage.kv.list()], [])
      assert.isNull(await storage.getAlarm())
    })
  })
})

describe("the operator's switches", () => {
  it("outlast a restart, and are those of the reserved object", async () => {
    let object = fresh()
    await object.deny("0xa", "first")
    await object.pause("a fault")
    object = await again(object)
    assert.deepInclude((await object.switchesOf("0xa")).denied, { reason: "first" })
    assert.deepInclude((await object.switchesOf("0xb")).paused, { reason: "a fault" })
    assert.isNull((await object.switchesOf("0xb")).denied)
    await object.allow("0xa")
    await object.resume()
    assert.deepInclude(await object.salesState(), { paused: null, denied: [] })
  })
})

describe("fifty bodies of one payer at once, with a cap of twenty", () => {
  const body = (at: number) => JSON.stringify({ files: { "index.ts": `export default "crowd ${at}"` }, name: "crowd" })

  /** Buys one, as a client that waits its turn. `undefined` if the process died. */
  const buy = async (at: number): Promise<string | undefined> => {
    const post = (headers: Record<string, string> = {}) =>
      send("/deploy", { method: "POST", body: body(at), headers: { "content-type": "application/json", ...headers } })
    for (;;) {
      const challenge = (await post()).headers.get("www-authenticate") ?? ""
      const answer = await post({ authorization: testCredential(challenge, "0xcrowd") })
      if (answer.status === 200) return "live"
      const { code, charged } = (await answer.json()) as { readonly code: string; readonly charged: boolean | null }
      if (code !== "too_many_attempts") return `${code} ${String(charged)}`
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  const crowd = () => env.PAYERS.get(env.PAYERS.idFromName("0xcrowd"))
  const live = async () => {
    const { deployments } = await crowd().page()
    return deployments.filter(({ status }) => status === "live" || status === "delivering").length
  }

  /** Rings every order's alarm as if its time had come. */
  const ring = async () => {
    for (const id of await listDurableObjectIds(env.ORDERS)) {
      const object: DurableObjectStub<OrderObject> = env.ORDERS.get(id)
      await runInDurableObject(object, (_order, { storage: { sql } }) => {
        const tables = sql.exec("SELECT name FROM sqlite_master").toArray()
        if (!tables.some(({ name }) => name === "outbox")) return
        sql.exec("UPDATE outbox SET due = 1 WHERE due IS NOT NULL")
        sql.exec("UPDATE purchase SET due = 1 WHERE state IN ('capturing', 'captured')")
      })
      await runDurableObjectAlarm(object)
      await allSent(object)
    }
  }

  it("sells exactly twenty, and refuses thirty at no cost; after a death in their midst the counts agree", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    limits.maxLive = 20
    // The host is slow, so that the process dies while deliveries are on their way.
    host.next("create", ...Array.from({ length: 20 }, () => Effect.delay("30 millis")))
    const first = Promise.allSettled(Array.from({ length: 50 }, (_, at) => buy(at)))
    while (payments.captured.size < 9) await new Promise((resolve) => setTimeout(resolve, 2))
    await abortAllDurableObjects()
    await first
    await ring()
    assert.strictEqual(await live(), host.projects.size)
    assert.strictEqual(payments.captured.size, host.projects.size)
    assert.isAtMost(host.projects.size, 20)
    // Places of purchases that died are given back within a minute.
    await runInDurableObject(crowd(), (_, { storage }) => void storage.kv.delete("places"))
    await runInDurableObject(crowd(), (_, { storage }) => void storage.kv.delete("attempts"))
    await abortAllDurableObjects()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => buy(at + 100)))
    log.mockRestore()
    assert.strictEqual(host.projects.size, 20)
    assert.strictEqual(payments.captured.size, 20)
    assert.strictEqual(await live(), 20)
    const refused = answers.filter((answer) => answer === "too_many_deployments false").length
    assert.strictEqual(answers.filter((answer) => answer === "live").length, 50 - refused)
    assert.isAtLeast(refused, 30)
  }, 60_000)
})
