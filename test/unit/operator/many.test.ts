import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { assert, describe, it } from "vitest"
import { soldView } from "../../../src/api/operator/sales.ts"
import { layerSettings } from "../../../src/config.ts"
import { layerRecordsKv } from "../../../src/records/kv.ts"
import { Records } from "../../../src/records/Records.ts"
import { dayOf, keyOf, type LiveRow } from "../../../src/records/rows.ts"
import { testSettings } from "../../support/gateway.ts"
import { answered, get, makeOperated } from "./support.ts"

const COUNT = 10_000

/** KV as far as records use it: keys in order, metadata, cursors. It counts the calls. */
const makeKv = () => {
  const keys = new Map<string, { readonly value: string; readonly metadata: unknown }>()
  const calls = { list: 0 }
  let sorted: ReadonlyArray<string> = []
  const kv = {
    put: async (key: string, value: string, { metadata }: { metadata: unknown }) => {
      assert.isAtMost(Buffer.byteLength(JSON.stringify(metadata)), 1024)
      keys.set(key, { value, metadata })
    },
    get: async (key: string, type?: string) => {
      const value = keys.get(key)?.value
      return value === undefined ? null : type === "json" ? (JSON.parse(value) as unknown) : value
    },
    delete: async (key: string) => void keys.delete(key),
    list: async ({ prefix, limit, cursor }: { prefix: string; limit: number; cursor?: string }) => {
      calls.list++
      if (cursor === "nonsense") throw new Error("KV GET failed: 400 Bad Request")
      if (cursor === "outage") throw new Error("KV GET failed: 503 Service Unavailable")
      if (sorted.length !== keys.size) sorted = [...keys.keys()].toSorted()
      const from = sorted.findIndex((key) => key.startsWith(prefix) && (cursor === undefined || key > cursor))
      const found = from === -1 ? [] : sorted.slice(from, from + limit).filter((key) => key.startsWith(prefix))
      const next = sorted[from + limit]
      const complete = next === undefined || !next.startsWith(prefix)
      return {
        keys: found.map((name) => ({ name, metadata: keys.get(name)?.metadata })),
        list_complete: complete,
        ...(!complete && { cursor: found.at(-1) })
      }
    }
  }
  return { kv: kv as unknown as KVNamespace, calls, keys }
}

const row = (index: number): LiveRow => ({
  deployment_id: `dep_${String(index).padStart(40, "0")}`,
  url: `https://tester-site-${index}.runjack.test`,
  payer: `0x${String(index % 100).padStart(40, "0")}`,
  created_at: 1_800_000_000_000 - index * 1000,
  expires_at: 1_900_000_000_000
})

describe("the sales of many days", () => {
  const settings = layerSettings().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(testSettings))))
  /** Lists that never end, and counts them. */
  const endless = () => {
    const calls = { list: 0 }
    const page = Effect.sync(() => (calls.list++, { rows: [], cursor: "more" }))
    const layer = Layer.mock(Records, { list: () => page })
    return { calls, layer: Layer.merge(layer, settings) }
  }

  for (const [days, most] of [
    [1, 10],
    [7, 70],
    [31, 93]
  ] as const) {
    it(`are read by at most ${most} calls of KV for ${days} days, and say that there are more`, async () => {
      const { calls, layer } = endless()
      const sold = await Effect.runPromise(Effect.provide(soldView(days, 1_800_000_000_000), layer))
      assert.strictEqual(calls.list, most)
      assert.deepStrictEqual(
        sold.map(({ complete }) => complete),
        Array.from({ length: days }, () => false)
      )
    })
  }
})

describe("records of 10,000 live deployments", () => {
  it("are paged through with the newest first, by one call of KV for each page", async () => {
    const { kv, calls } = makeKv()
    const seen: Array<string> = []
    await Effect.gen(function* () {
      const { put, list, findSite } = yield* Records
      for (let index = 0; index < COUNT; index++) yield* put("live", row(index))
      let cursor: string | null = ""
      while (cursor !== null) {
        const page: Effect.Success<ReturnType<typeof list<"live">>> = yield* list("live", {
          limit: 50,
          ...(cursor !== "" && { cursor })
        })
        seen.push(...page.rows.map(({ deployment_id }) => deployment_id))
        cursor = page.cursor
      }
      assert.strictEqual(
        Option.getOrUndefined(yield* findSite("tester-site-9999.runjack.test")),
        row(9999).deployment_id
      )
    }).pipe(Effect.provide(layerRecordsKv(kv)), Effect.runPromise)
    assert.strictEqual(calls.list, COUNT / 50)
    assert.strictEqual(
      seen.findIndex((id, index) => id !== row(index).deployment_id),
      -1
    )
    assert.strictEqual(seen.length, COUNT)
  })

  it("tell a cursor that KV does not take from an outage", async () => {
    const { kv } = makeKv()
    await Effect.gen(function* () {
      const { list } = yield* Records
      const refused = yield* Effect.flip(list("live", { limit: 50, cursor: "nonsense" }))
      assert.strictEqual(refused._tag, "InvalidCursor")
      const failed = yield* Effect.flip(list("live", { limit: 50, cursor: "outage" }))
      assert.strictEqual(failed._tag, "RecordsUnavailable")
    }).pipe(Effect.provide(layerRecordsKv(kv)), Effect.runPromise)
  })

  it("make a page below 500 ms", async () => {
    const gateway = makeOperated()
    for (let index = 0; index < COUNT; index++) gateway.records.rows.set(keyOf("live", row(index)), row(index))
    await get(gateway, "")
    const since = performance.now()
    const { live } = (await answered(await get(gateway, ""))) as { live: { rows: ReadonlyArray<LiveRow> } }
    assert.isBelow(performance.now() - since, 500)
    assert.strictEqual(live.rows[0]?.deployment_id, row(0).deployment_id)
    assert.strictEqual(live.rows.length, 50)
  })

  it("read reports of an earlier release, which had another name for the slot", async () => {
    const { kv, keys } = makeKv()
    const old = { deployment_id: "dep_1", place: 3, reason: "It phishes.", contact: null, at: 1 }
    keys.set("report:dep_1:3", { value: JSON.stringify(old), metadata: old })
    const now = { deployment_id: "dep_1", slot: 3, dropped: 0, from: null, reason: "It phishes.", contact: null, at: 1 }
    await Effect.gen(function* () {
      const { list, get } = yield* Records
      assert.deepStrictEqual((yield* list("report", { limit: 10 })).rows, [now])
      assert.deepStrictEqual(Option.getOrUndefined(yield* get("report", { deployment_id: "dep_1", slot: 3 })), now)
    }).pipe(Effect.provide(layerRecordsKv(kv)), Effect.runPromise)
  })

  it("keep long texts whole, and show their beginning in lists", async () => {
    const { kv } = makeKv()
    const reason = '"\u{1F480}'.repeat(300)
    const report = {
      deployment_id: "dep_1",
      slot: 0,
      dropped: 9,
      from: "0123456789ab",
      reason,
      contact: "ü".repeat(200),
      at: 1
    }
    await Effect.gen(function* () {
      const { put, list, get } = yield* Records
      yield* put("report", report)
      const { rows } = yield* list("report", { limit: 10 })
      assert.isTrue(rows[0]?.reason.endsWith("…"))
      assert.isAbove(rows[0]?.reason.length ?? 0, 100)
      const whole = yield* get("report", { deployment_id: "dep_1", slot: 0 })
      assert.deepStrictEqual(Option.getOrUndefined(whole), report)
    }).pipe(Effect.provide(layerRecordsKv(kv)), Effect.runPromise)
    assert.strictEqual(dayOf(Date.UTC(2026, 10, 29, 23, 59)), "2026-11-29")
  })
})
