import { env } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import { assert, beforeAll, describe, it } from "vitest"
import { deploymentId, idKey } from "../../src/domain/DeploymentId.ts"
import { keyOf, type LiveRow } from "../../src/records/rows.ts"
import { testSettings } from "../support/gateway.ts"
import { operatorToken } from "./main.ts"

const COUNT = 10_000
const LIMIT_MS = 500

const authorization = `Basic ${btoa(`operator:${operatorToken}`)}`

const get = async (path: string, accept = "application/json") => {
  const since = performance.now()
  const response = await exports.default.fetch(`http://gateway.test${path}`, { headers: { authorization, accept } })
  const text = await response.text()
  const millis = performance.now() - since
  assert.strictEqual(response.status, 200, text.slice(0, 500))
  return { text, millis }
}

const row = (index: number): LiveRow => ({
  deployment_id: deploymentId("0".repeat(20), idKey(testSettings["MPP_SECRET_KEY"] ?? "")),
  url: `https://tester-site-${index}.runjack.test`,
  payer: `0x${String(index % 100).padStart(40, "0")}`,
  created_at: Date.now() - index * 1000,
  expires_at: Date.now() + 86_400_000
})

describe("10,000 live deployments", () => {
  const rows = Array.from({ length: COUNT }, (_, index) => row(index))

  beforeAll(async () => {
    for (let start = 0; start < COUNT; start += 250) {
      await Promise.all(
        rows
          .slice(start, start + 250)
          .map((one) => env.EXPIRY.put(keyOf("live", one), "", { metadata: one, expirationTtl: 86_400 }))
      )
    }
  }, 300_000)

  it(`are paged through with the newest first, and a page takes less than ${LIMIT_MS} ms`, async () => {
    // The first call loads the module of the pages.
    await get("/operator/sold?days=1")
    const pages = [await get("/operator", "text/html"), await get("/operator", "text/html")]
    assert.include(pages[0]?.text, rows[0]?.deployment_id)
    assert.include(pages[0]?.text, "Next page")
    const seen: Array<string> = []
    const times: Array<number> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const { text, millis } = await get(`/operator${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`)
      times.push(millis)
      const { live } = JSON.parse(text) as { live: { rows: ReadonlyArray<LiveRow>; cursor: string | null } }
      seen.push(...live.rows.map(({ deployment_id }) => deployment_id))
      cursor = live.cursor
    }
    // A difference of lists of this length is too long a message for the test's own connection.
    assert.strictEqual(seen.length, COUNT)
    assert.strictEqual(
      seen.findIndex((id, index) => id !== rows[index]?.deployment_id),
      -1
    )
    // The machine may do something else at any moment.
    const [fastest] = pages.map(({ millis }) => millis).toSorted((one, other) => one - other)
    const median = times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)]
    console.log(
      `the page ${Math.round(fastest ?? 0)} ms, the median of ${times.length} lists ${Math.round(median ?? 0)} ms`
    )
    assert.isBelow(fastest ?? Infinity, LIMIT_MS)
    assert.isBelow(median ?? Infinity, LIMIT_MS)
  }, 120_000)
})
