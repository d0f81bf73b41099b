import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { PurchaseText } from "../../../src/orders/purchase/Purchase.ts"
import { withUnknownFields } from "../../../src/orders/purchase/PurchaseStoreSql.ts"

const decode = Schema.decodeSync(PurchaseText)
const encode = Schema.encodeSync(PurchaseText)

/** A row as the first release wrote it, without the fields of later releases. */
const first = {
  id: "dep_0123456789abcdefghjkmnpqrstvwxyz0123456789",
  operation: "deploy",
  key: "key_a",
  challengeId: "challenge_a",
  payer: "0xpayer",
  state: "capturing",
  authorization: { reference: "0x01", transaction: "0x02", validBefore: 1_800_000_000, challengeId: "challenge_a" },
  slug: "my-api",
  placement: null,
  receipt: null,
  answer: null,
  answered: false,
  failure: null,
  update: null,
  updatedAt: null,
  attempts: 0,
  due: 1_800_000_000_000,
  createdAt: 1_700_000_000_000
}
const placement = { slug: "my-api", attempted: true, projectId: "p1", url: "https://x.test" }
const failure = { fault: "service", detail: "down", at: 1_700_000_000_001 }
const answer = { url: "https://x.test", deployment_id: first.id, expires_at: "2027-01-15T08:00:00Z", ttl_hours: 24 }
const live = { ...first, state: "delivered", placement, receipt: "receipt", answer, answered: true, updatedAt: 1 }

/** Rows of each release, by the field that it added. */
const rows: Readonly<Record<string, object>> = {
  "a payment that is on its way": first,
  "a captured purchase whose delivery failed": { ...first, state: "captured", receipt: "receipt", placement, failure },
  "a live deployment": live,
  "an update that is on its way": { ...live, update: { body: "ab", key: "key_b", attempts: 3 } },
  "a run whose output is kept": {
    ...live,
    operation: "execute",
    slug: "",
    placement: null,
    answer: { expires_at: "2027-01-15T08:00:00Z" }
  },
  "an expired deployment": { ...live, state: "expired" },
  "a failed payment": { ...first, state: "failed", failure },
  "a failure with the time of the first one": {
    ...first,
    state: "captured",
    receipt: "r",
    failure: { ...failure, since: 1 }
  },
  "the compiler's warnings": {
    ...live,
    warnings: [{ file: "a.ts", line: 1, column: 2, text: "odd", hint: "mend it" }]
  },
  "an upload that may still land": { ...live, inDoubt: [{ digest: "cd", until: 2 }] },
  "newest code that is sent once more": { ...live, update: { body: "", key: "key_a", attempts: 0, again: 3 } },
  "a database that may have been created": {
    ...first,
    state: "captured",
    receipt: "r",
    placement: { ...placement, database: { askedAt: 4, id: null } }
  },
  "a database": { ...live, placement: { ...placement, database: { askedAt: null, id: "db1" } } },
  "a project that the host has lost": { ...live, gone: true },
  "a site that has answered": { ...live, verifiedAt: 1_800_000_000_000 },
  "a site that could not be asked": { ...live, verifiedAt: null },
  "a deployment whose project is being deleted": { ...live, ending: true },
  "a deployment that its payer has deleted": { ...live, state: "expired", deletedAt: 1_800_000_000_000 },
  "a deployment that was deleted before it was live": {
    ...first,
    state: "expired",
    receipt: "r",
    deletedAt: 1_800_000_000_000
  }
}

describe("a stored purchase", () => {
  for (const [what, row] of Object.entries(rows)) {
    it(`is read and written back unchanged: ${what}`, () => {
      assert.deepStrictEqual(JSON.parse(encode(decode(JSON.stringify(row)))), row)
    })
  }

  it("is refused without its state", () => {
    const { state: _, ...stateless } = first
    assert.throws(() => decode(JSON.stringify(stateless)))
  })

  it("keeps fields that this release does not know, as after a rollback, and no others of the row before", () => {
    const before = JSON.stringify({ ...live, retag: { attempts: 0, due: 1 }, later: [1] })
    assert.deepStrictEqual(JSON.parse(withUnknownFields(encode(decode(JSON.stringify(live))), before)), {
      ...live,
      later: [1]
    })
    const row = encode(decode(before))
    assert.strictEqual(withUnknownFields(row, row), row)
    assert.strictEqual(withUnknownFields(row, undefined), row)
  })
})
