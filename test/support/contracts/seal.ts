import { assert } from "vitest"
import { open, orderKey, seal } from "../../../src/orders/secrets/seal.ts"

const key = orderKey("a secret of at least thirty-two characters", "order_a")

/** The behaviour of sealed secrets, in Node and in workerd. */
export const sealContract: Record<string, () => void> = {
  "opens to the same value": () => {
    for (const value of ["x", "sk_live_ü🙂", "a".repeat(5120)]) {
      assert.strictEqual(open(key, "API_KEY", seal(key, "API_KEY", value)), value)
    }
  },
  "opens values that another runtime has sealed": () => {
    const sealed = "AAECAwQFBgcICQoLaDHgKdXHKwglEiWUliLBRtriMxo6"
    assert.strictEqual(open(key, "API_KEY", sealed), "fixed")
  },
  "differs each time, and does not show the value": () => {
    const [one, other] = [seal(key, "API_KEY", "plain text"), seal(key, "API_KEY", "plain text")]
    assert.notStrictEqual(one, other)
    assert.notInclude(Buffer.from(one, "base64").toString("latin1"), "plain")
  },
  "does not open under another name, order or secret, or with a changed byte": () => {
    const sealed = seal(key, "API_KEY", "value")
    assert.throws(() => open(key, "OTHER", sealed))
    assert.throws(() => open(orderKey("a secret of at least thirty-two characters", "order_b"), "API_KEY", sealed))
    assert.throws(() => open(orderKey("another secret of thirty-two characters", "order_a"), "API_KEY", sealed))
    const bytes = Buffer.from(sealed, "base64")
    for (const index of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      assert.throws(() => open(key, "API_KEY", changed.toString("base64")))
    }
    assert.throws(() => open(key, "API_KEY", ""))
  }
}
