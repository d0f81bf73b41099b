import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import { ExpiryStore } from "../../../src/expiry/ExpiryStore.ts"
import { ExpiryMemory, layerExpiryStoreMemory } from "../../../src/expiry/testing.ts"
import { layerExpiryStoreKv } from "../../../src/expiry/kv.ts"

const now = 1_764_000_000
const record = {
  projectId: "p1",
  deploymentId: "dep_1",
  url: "https://tester-my-api.runjack.xyz",
  expiresAt: now + 86_400
}

/** A KV namespace with the methods that the store uses, and the written entries. */
const fakeKv = (overrides: Partial<Record<"put" | "get" | "delete", () => Promise<never>>> = {}) => {
  const values = new Map<string, string>()
  const puts: Array<unknown> = []
  const kv = {
    put: async (key: string, value: string, options: unknown) => {
      puts.push([key, JSON.parse(value), options])
      values.set(key, value)
    },
    get: async (key: string) => values.get(key) ?? null,
    delete: async (key: string) => void values.delete(key),
    ...overrides
  } as unknown as KVNamespace
  return { values, puts, layer: layerExpiryStoreKv(kv) }
}

describe("layerExpiryStoreKv", () => {
  it.effect("writes deploy:{project_id}, which KV deletes when the deployment expires", () => {
    const { puts, layer } = fakeKv()
    return Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000 + 999)
      const store = yield* ExpiryStore
      yield* store.put(record)
      const value = { project_id: "p1", deployment_id: "dep_1", url: record.url, expires_at: record.expiresAt }
      assert.deepStrictEqual(puts, [["deploy:p1", value, { expirationTtl: 86_400 }]])
      assert.deepStrictEqual(yield* store.get("p1"), Option.some(record))
      assert.deepStrictEqual(yield* store.get("p2"), Option.none())
      yield* store.remove("p1")
      yield* store.remove("p1")
      assert.deepStrictEqual(yield* store.get("p1"), Option.none())
    }).pipe(Effect.provide(layer))
  })

  it.effect("sets at least 60 s, even for an expired deployment", () => {
    const { puts, layer } = fakeKv()
    return Effect.gen(function* () {
      const store = yield* ExpiryStore
      yield* TestClock.setTime(now * 1000)
      for (const expiresAt of [now + 61, now + 59, now - 10]) yield* store.put({ ...record, expiresAt })
      assert.deepStrictEqual(
        puts.map((put) => (put as Array<unknown>)[2]),
        [{ expirationTtl: 61 }, { expirationTtl: 60 }, { expirationTtl: 60 }]
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("reads a malformed entry as none", () => {
    const { values, layer } = fakeKv()
    values.set("deploy:p1", "not json").set("deploy:p2", '{"project_id":"p2"}')
    return Effect.gen(function* () {
      const store = yield* ExpiryStore
      assert.deepStrictEqual([yield* store.get("p1"), yield* store.get("p2")], [Option.none(), Option.none()])
    }).pipe(Effect.provide(layer))
  })

  it.effect("fails when KV is unavailable", () => {
    const refuse = () => Promise.reject(new Error("KV PUT failed: 429 Too Many Requests"))
    return Effect.gen(function* () {
      const store = yield* ExpiryStore
      for (const call of [store.put(record), Effect.asVoid(store.get("p1")), store.remove("p1")]) {
        const error = yield* Effect.flip(call)
        assert.strictEqual(error._tag, "ExpiryStoreUnavailable")
        assert.include(error.message, "429")
      }
    }).pipe(Effect.provide(fakeKv({ put: refuse, get: refuse, delete: refuse }).layer))
  })

  it.effect("waits for KV for 5 s", () =>
    Effect.gen(function* () {
      const store = yield* ExpiryStore
      const fiber = yield* Effect.forkChild(Effect.flip(store.put(record)))
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.match((yield* Fiber.join(fiber)).message, /no answer in 5 seconds/)
    }).pipe(Effect.provide(fakeKv({ put: () => new Promise(() => {}) }).layer))
  )
})

describe("ExpiryStore in memory", () => {
  it.effect("deletes expired entries", () =>
    Effect.gen(function* () {
      const store = yield* ExpiryStore
      yield* TestClock.setTime(now * 1000)
      yield* store.put(record)
      yield* TestClock.adjust("86399 seconds")
      assert.deepStrictEqual(yield* store.get("p1"), Option.some(record))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* store.get("p1"), Option.none())
    }).pipe(Effect.provide(layerExpiryStoreMemory()))
  )

  it.effect("fails while the test makes it unavailable", () => {
    const memory = new ExpiryMemory()
    return Effect.gen(function* () {
      const store = yield* ExpiryStore
      yield* store.put(record)
      memory.available = false
      const failures = [store.put(record), Effect.asVoid(store.get("p1")), store.remove("p1")]
      for (const call of failures) assert.strictEqual((yield* Effect.flip(call))._tag, "ExpiryStoreUnavailable")
      memory.available = true
      yield* store.remove("p1")
      assert.strictEqual(memory.entries.size, 0)
    }).pipe(Effect.provide(layerExpiryStoreMemory(memory)))
  })
})
