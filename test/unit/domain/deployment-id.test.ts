import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { deploymentId, idKey, isCheckedBy, orderName, parseId, randomText } from "../../../src/domain/DeploymentId.ts"

const key = idKey("a secret of at least thirty-two characters")
const body = "b".repeat(64)
const name = orderName("0xab", "deploy", body)
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const isOurs = (id: string, by = key) => {
  const parsed = parseId(id)
  return parsed !== undefined && isCheckedBy(by, parsed)
}
const base32 = (length: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((parts) => parts.join(""))

describe("an order's name", () => {
  it("depends on payer, operation and body", () => {
    const other = orderName("0xAB", "deploy", body)
    assert.match(other, /^[0-9a-hjkmnp-tv-z]{20}$/)
    assert.strictEqual(other, name)
    assert.notStrictEqual(orderName("0xac", "deploy", body), name)
    assert.notStrictEqual(orderName("0xab", "execute", body), name)
    assert.notStrictEqual(orderName("0xab", "deploy", `${body.slice(1)}c`), name)
  })
})

describe("a deployment id", () => {
  it("passes its check, names its order, and is new each time", () => {
    const ids = new Set(Array.from({ length: 1000 }, () => deploymentId(name, key)))
    assert.strictEqual(ids.size, 1000)
    for (const id of ids) {
      assert.match(id, /^dep_[0-9a-hjkmnp-tv-z]{40}$/)
      assert.strictEqual(parseId(id)?.order, name)
      assert.isTrue(isOurs(id))
    }
    assert.strictEqual(new Set([...ids].map((id) => id.slice(24, 34))).size, 1000)
  })

  it("passes only with its own key, which does not reveal the secret", () => {
    const id = deploymentId(name, key)
    assert.isFalse(isOurs(id, idKey("another secret of thirty-two characters")))
    assert.match(key, /^[0-9a-f]{64}$/)
  })

  it("does not pass if it was invented", () => {
    fc.assert(
      fc.property(base32(40), (text) => !isOurs(`dep_${text}`)),
      { numRuns: 5000 }
    )
    fc.assert(
      fc.property(fc.string(), (text) => !isOurs(text) && !isOurs(`dep_${text}`)),
      { numRuns: 1000 }
    )
  })

  it("does not pass with one character changed, dropped, added or in upper case", () => {
    const id = deploymentId(name, key)
    const at = fc.integer({ min: 4, max: id.length - 1 })
    fc.assert(
      fc.property(at, fc.constantFrom(...alphabet), (index, character) => {
        const changed = id.slice(0, index) + character + id.slice(index + 1)
        return changed === id || !isOurs(changed)
      }),
      { numRuns: 2000 }
    )
    for (let index = 4; index < id.length; index++) {
      assert.isFalse(isOurs(id.slice(0, index) + id.slice(index + 1)))
      assert.isFalse(isOurs(`${id.slice(0, index)}0${id.slice(index)}`))
    }
    for (const other of [id.toUpperCase(), `DEP_${id.slice(4)}`, `${id}\n`, ` ${id}`, id.slice(4), `dep_${id}`]) {
      assert.isUndefined(parseId(other), JSON.stringify(other))
    }
  })

  it("does not pass with another deployment's check, nor with its random part", () => {
    const [one, two] = [deploymentId(name, key), deploymentId(name, key)]
    assert.isFalse(isOurs(one.slice(0, 34) + two.slice(34)))
    assert.isFalse(isOurs(one.slice(0, 24) + two.slice(24, 34) + one.slice(34)))
    const other = deploymentId(orderName("0xac", "deploy", body), key)
    assert.isFalse(isOurs(other.slice(0, 24) + one.slice(24)))
  })

  it("of an earlier release names its order, and has no check", () => {
    fc.assert(
      fc.property(base32(26), (text) => {
        const parsed = parseId(`dep_${text}`)
        return parsed?.order === text.slice(0, 20) && parsed.check === null && !isCheckedBy(key, parsed)
      })
    )
  })

  it("has no other form", () => {
    for (const length of [0, 1, 20, 25, 27, 30, 39, 41, 66]) {
      assert.isUndefined(parseId(`dep_${"a".repeat(length)}`), String(length))
    }
    for (const id of ["", "dep_", `dep_${"i".repeat(26)}`, `dep_${"u".repeat(40)}`, `x${"a".repeat(29)}`]) {
      assert.isUndefined(parseId(id), id)
    }
  })
})

it("randomText differs at every position", () => {
  const texts = Array.from({ length: 300 }, () => randomText(7))
  for (let index = 0; index < 7; index++) {
    assert.isAbove(new Set(texts.map((text) => text[index])).size, 20, `place ${index}`)
  }
})
