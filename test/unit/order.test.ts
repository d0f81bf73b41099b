import { assert, describe, it } from "vitest"
import { deploymentId, orderName, orderOf, purchaseKey, timestamp } from "../../src/domain/Order.ts"

const body = "b".repeat(64)

describe("orders", () => {
  it("are named by payer, operation and body", () => {
    const name = orderName("0xAB", "deploy", body)
    assert.match(name, /^[0-9a-hjkmnp-tv-z]{20}$/)
    assert.strictEqual(orderName("0xab", "deploy", body), name)
    assert.notStrictEqual(orderName("0xac", "deploy", body), name)
    assert.notStrictEqual(orderName("0xab", "execute", body), name)
    assert.notStrictEqual(orderName("0xab", "deploy", `${body.slice(1)}c`), name)
  })

  it("are found again by their deployment ids, which all differ", () => {
    const name = orderName("0xab", "deploy", body)
    const ids = new Set(Array.from({ length: 100 }, () => deploymentId(name)))
    assert.strictEqual(ids.size, 100)
    for (const id of ids) assert.strictEqual(orderOf(id), name)
  })

  it("are not found by anything else", () => {
    for (const id of [
      "",
      "dep_",
      "dep_short",
      `dep_${"i".repeat(26)}`,
      `dep_${"a".repeat(27)}`,
      `x${"a".repeat(29)}`
    ]) {
      assert.isUndefined(orderOf(id))
    }
  })
})

describe("the key of a purchase", () => {
  it("is a hash of the client's, and random without one", () => {
    assert.match(purchaseKey("mine"), /^key_[0-9a-f]{32}$/)
    assert.strictEqual(purchaseKey("mine"), purchaseKey("mine"))
    assert.notStrictEqual(purchaseKey("mine"), purchaseKey("yours"))
    assert.notStrictEqual(purchaseKey(undefined), purchaseKey(undefined))
  })

  it("can be told to a client and come back", () => {
    const key = purchaseKey(undefined)
    assert.strictEqual(purchaseKey(key), key)
  })
})

it("times have seconds and a zone", () => {
  assert.strictEqual(timestamp(Date.UTC(2026, 2, 27, 21, 0, 0, 999)), "2026-03-27T21:00:00Z")
})
