import { assert, describe, it } from "vitest"
import { purchaseKey, timestamp } from "../../src/domain/Order.ts"

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
