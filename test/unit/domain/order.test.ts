import { assert, describe, it } from "vitest"
import { purchaseKey, timestamp, requestedKey } from "../../../src/domain/Order.ts"

describe("the key of a purchase", () => {
  it("is a hash of the client's key, and random without one", () => {
    assert.match(purchaseKey("mine"), /^own_[0-9a-f]{32}$/)
    assert.match(purchaseKey(undefined), /^key_[0-9a-f]{32}$/)
    assert.strictEqual(purchaseKey("mine"), purchaseKey("mine"))
    assert.notStrictEqual(purchaseKey("mine"), purchaseKey("yours"))
    assert.notStrictEqual(purchaseKey(undefined), purchaseKey(undefined))
  })

  it("survives a round trip through a client", () => {
    for (const key of [purchaseKey(undefined), purchaseKey("mine")]) {
      assert.strictEqual(purchaseKey(key), key)
      assert.deepStrictEqual(requestedKey(key), { key, readable: true })
    }
    assert.deepStrictEqual(requestedKey("mine"), { key: purchaseKey("mine"), readable: false })
    assert.isUndefined(requestedKey(undefined))
  })
})

it("timestamp writes seconds and a zone", () => {
  assert.strictEqual(timestamp(Date.UTC(2026, 2, 27, 21, 0, 0, 999)), "2026-03-27T21:00:00Z")
})
