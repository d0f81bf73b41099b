import { assert, describe, it } from "vitest"
import { chooseSlot } from "../../../src/api/reports/choose-slot.ts"
import { reporterOf } from "../../../src/api/reports/reporter.ts"
import { shortened } from "../../../src/records/kv.ts"
import type { ReportRow } from "../../../src/records/rows.ts"

const MINUTE = 60_000

/** Keeps reports as the service does, each so long after the one before, in milliseconds. Returns what is kept. */
const keep = (
  reports: ReadonlyArray<Partial<ReportRow> & { readonly after: number }>
): ReadonlyArray<Pick<ReportRow, "reason" | "dropped">> => {
  const rows = new Map<number, ReportRow>()
  let now = 0
  reports.forEach(({ after, reason = `${now}`, from = null }) => {
    now += after
    const chosen = chooseSlot([...rows.values()], { reason, from }, now)
    if (chosen === undefined) return
    rows.set(chosen.slot, { deployment_id: "dep_1", reason, contact: null, from, at: now, ...chosen })
  })
  return [...rows.values()].toSorted((one, other) => one.at - other.at)
}

const junk = (count: number, after: number, from: string | null = null) =>
  Array.from({ length: count }, (_, index) => ({ reason: `junk ${index}`, after, from }))

const reasonsOf = (rows: ReturnType<typeof keep>) => rows.map(({ reason }) => reason)
const dropped = (rows: ReturnType<typeof keep>) => rows.reduce((sum, row) => sum + row.dropped, 0)

describe("the reports of a deployment", () => {
  it("show a report that comes after many of somebody else, and how many were replaced", () => {
    const rows = keep([...junk(100, 6 * MINUTE), { reason: "real", after: 6 * MINUTE }])
    assert.strictEqual(rows.length, 10)
    assert.strictEqual(rows.at(-1)?.reason, "real")
    assert.deepStrictEqual(reasonsOf(rows).slice(0, 5), ["junk 0", "junk 1", "junk 2", "junk 3", "junk 4"])
    assert.strictEqual(dropped(rows), 91)
  })

  it("show a report that comes before many of somebody else", () => {
    assert.include(reasonsOf(keep([{ reason: "real", after: 0 }, ...junk(1000, 6 * MINUTE)])), "real")
  })

  it("have one slot for each reporter that is known, whose newer report replaces the older", () => {
    const rows = keep([
      { reason: "real", after: 0, from: "a" },
      ...junk(50, 6 * MINUTE, "b"),
      ...junk(3, 0, "c"),
      { reason: "more", after: 6 * MINUTE, from: "a" }
    ])
    assert.deepStrictEqual(
      rows.map(({ reason, dropped }) => [reason, dropped]),
      [
        ["junk 49", 49],
        ["junk 0", 0],
        ["more", 1]
      ]
    )
  })

  it("have one slot for each text, also if a list shows only its beginning", () => {
    const long = "x".repeat(1000)
    const row = { deployment_id: "dep_1", slot: 0, reason: long, contact: null, from: null, dropped: 0, at: 0 }
    assert.isUndefined(chooseSlot([shortened(row)], { reason: long, from: null }, MINUTE))
    assert.strictEqual(keep([...junk(1, 0), ...junk(1, 6 * MINUTE)]).length, 1)
  })

  it("are not taken for the rest of a text that ends as if it were cut", () => {
    const rows = keep([
      { reason: "…", after: 0 },
      { reason: "T…", after: 6 * MINUTE },
      { reason: "This is real", after: 6 * MINUTE }
    ])
    assert.deepStrictEqual(reasonsOf(rows), ["…", "T…", "This is real"])
  })

  it("take few writes of a flood", () => {
    const rows = keep(junk(20_000, 1000))
    assert.isAtMost(dropped(rows), 20_000 / 300)
    assert.strictEqual(rows.length, 10)
  })
})

describe("a reporter", () => {
  const of = (address: string | null, id = "dep_1", key = "a key") =>
    reporterOf(new Headers(address === null ? {} : { "cf-connecting-ip": address }), id, key)

  it("is an address of IPv4 or a network of IPv6, and nobody if the host does not tell", () => {
    assert.isNull(of(null))
    assert.match(of("192.0.2.1") ?? "", /^[0-9a-f]{12}$/)
    assert.notStrictEqual(of("192.0.2.1"), of("192.0.2.2"))
    assert.strictEqual(of("2001:db8::1"), of("2001:db8:0:0:9:9:9:9"))
    assert.strictEqual(of("2001:db8:1:2::"), of("2001:DB8:1:2:3::4"))
    assert.notStrictEqual(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"))
    assert.notStrictEqual(of("192.0.2.1"), of("192.0.2.1", "dep_2"))
    assert.notStrictEqual(of("192.0.2.1"), of("192.0.2.1", "dep_1", "another key"))
  })
})
