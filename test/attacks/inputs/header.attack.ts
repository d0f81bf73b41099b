import { assert, describe, it } from "vitest"
import { fresh } from "../../e2e/support.ts"
import { footprint } from "../footprint.ts"
import { attack, send } from "../support.ts"

/** Headers that are, or look, costly to read: the sent header, and the status of the answer. */
const headers: ReadonlyArray<readonly [name: string, value: string, status: number]> = [
  ["authorization", `"${'\\"'.repeat(45_000)}`, 431],
  ["authorization", `"${'\\"'.repeat(32_000)}`, 402],
  ["authorization", `Payment "${'\\"'.repeat(32_000)}`, 402],
  ["authorization", `Payment a="${"\\\\".repeat(32_000)}`, 402],
  ["authorization", `Digest ${'"a", '.repeat(13_000)}`, 402],
  ["authorization", `Payment ${'"'.repeat(65_000)}`, 402],
  ["authorization", `Payment ${",".repeat(65_000)}`, 402],
  ["authorization", "Payment ,".repeat(7_000), 400],
  ["authorization", `Payment${" \t".repeat(30_000)}x`, 402],
  ["authorization", `${" ".repeat(30_000)}Payment x`, 402],
  ["authorization", `Payment ${"e30".repeat(21_000)}`, 402],
  ["authorization", `Payment ${"W1tb".repeat(16_000)}`, 402],
  ["authorization", `Payment ${"x".repeat(65_529)}`, 431],
  ["authorization", `Bearer ${"x".repeat(90_000)}`, 431],
  ["accept", "a/b,".repeat(20_000), 402],
  ["accept", `text/html${";q".repeat(40_000)}`, 402],
  ["accept-payment", "a/b,".repeat(20_000), 402],
  ["accept-payment", `${"a-".repeat(40_000)}/`, 402],
  ["accept-payment", "*/*;q=0,".repeat(500), 402],
  ["idempotency-key", "k".repeat(80_000), 400],
  ["idempotency-key", `${" ".repeat(80_000)}k`, 402],
  ["content-type", `application/${"+json".repeat(16_000)}`, 415],
  ["content-type", `application/json${" ".repeat(80_000)}x`, 415],
  ["content-encoding", `identity${" ".repeat(80_000)}x`, 415],
  ["cookie", "a=b; ".repeat(16_000), 402],
  ["traceparent", "-".repeat(80_000), 402],
  ["b3", "0-".repeat(40_000), 402],
  ["origin", `https://${"a.".repeat(40_000)}`, 402],
  ["forwarded", 'for="'.repeat(16_000), 402],
  ["x-jack-timestamp", "1".repeat(80_000), 402],
  ["range", "bytes=0-,".repeat(9_000), 402]
]

describe("the gateway", () => {
  for (const [name, value, status] of headers) {
    it(`answers ${status} at once to ${name} of ${value.length} characters, ${value.slice(0, 16)}…`, async () => {
      const body = fresh("plain-js")
      const before = await footprint()
      const { response } = await attack(() =>
        send("/deploy", { method: "POST", body, headers: { "content-type": "application/json", [name]: value } })
      )
      assert.strictEqual(response.status, status, await response.clone().text())
      assert.deepStrictEqual(await footprint(), before)
    })
  }

  it("answers 2,000 headers at once", async () => {
    const many = Object.fromEntries(Array.from({ length: 1_900 }, (_, index) => [`x-${index}`, "a, b"]))
    const { response } = await attack(() => send("/deploy", { method: "POST", headers: many }))
    assert.isBelow(response.status, 500)
  })
})
