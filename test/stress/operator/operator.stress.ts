import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { startBuilt } from "../built.ts"

// The operator's pages of the built Worker in workerd, on workerd's own KV, with many live deployments.

const COUNT = 10_000
const LIMIT_MS = 500
const TOKEN = "the operator's token of thirty-two characters"
const LAST_MOMENT = 9_999_999_999_999

const row = (index: number) => ({
  deployment_id: `dep_${String(index).padStart(40, "0")}`,
  url: `https://tester-site-${index}.runjack.test`,
  payer: `0x${String(index % 100).padStart(40, "0")}`,
  created_at: 1_800_000_000_000 - index * 1000,
  expires_at: 1_900_000_000_000
})

let built: Awaited<ReturnType<typeof startBuilt>>
beforeAll(async () => {
  built = await startBuilt("wrangler.jsonc", () => new Response(null, { status: 404 }), {
    bindings: { REALM: "stress", OPERATOR_TOKEN: TOKEN },
    kvNamespaces: ["EXPIRY"],
    durableObjects: {
      ORDERS: { className: "Order", useSQLite: true },
      CLAIMS: { className: "Once", useSQLite: true },
      PAYERS: { className: "Payer", useSQLite: true }
    }
  })
  const kv = await built.kv("EXPIRY")
  for (let start = 0; start < COUNT; start += 250) {
    await Promise.all(
      Array.from({ length: 250 }, (_, offset) => row(start + offset)).map((metadata) =>
        kv.put(`live:${LAST_MOMENT - metadata.created_at}:${metadata.deployment_id}`, "", { metadata })
      )
    )
  }
}, 300_000)
afterAll(() => built?.stop())

const get = async (path: string, accept: string) => {
  const authorization = `Basic ${Buffer.from(`operator:${TOKEN}`).toString("base64")}`
  const since = performance.now()
  const response = await fetch(new URL(path, built.url), { headers: { authorization, accept } })
  const text = await response.text()
  assert.strictEqual(response.status, 200, text.slice(0, 500))
  return { text, millis: performance.now() - since }
}

describe("10,000 live deployments", () => {
  it(`are paged through with the newest first, and a page takes less than ${LIMIT_MS} ms`, async () => {
    const times: Array<number> = []
    let seen = 0
    let cursor: string | null = ""
    while (cursor !== null) {
      const path = `/operator${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`
      const { text, millis } = await get(path, "application/json")
      times.push(millis)
      const { live } = JSON.parse(text) as {
        live: { rows: ReadonlyArray<{ deployment_id: string }>; cursor: string | null }
      }
      for (const { deployment_id } of live.rows) assert.strictEqual(deployment_id, row(seen++).deployment_id)
      cursor = live.cursor
    }
    assert.strictEqual(seen, COUNT)
    const page = await get("/operator", "text/html")
    assert.include(page.text, row(0).deployment_id)
    const [first = Infinity] = times
    const median = times.toSorted((one, other) => one - other)[times.length / 2] ?? Infinity
    console.log(
      `the first list ${Math.round(first)} ms, the median ${Math.round(median)} ms, a page ${Math.round(page.millis)} ms`
    )
    for (const millis of [first, median, page.millis]) assert.isBelow(millis, LIMIT_MS)
  })
})
