import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { VersionScan } from "../../../../../../src/bundler/npm/registry/packument/VersionScan.ts"

const encoder = new TextEncoder()

const scan = (text: string, size = 65_536, wants?: (version: string) => boolean): VersionScan => {
  const bytes = encoder.encode(text)
  const found = new VersionScan(wants)
  for (let at = 0; at < bytes.length; at += size) found.write(bytes.subarray(at, at + size))
  return found
}

const hard = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    '"',
    "\\",
    '\\"',
    "versions",
    "name",
    "deprecated",
    "{",
    "}",
    '{"versions":{"9.9.9":{}}}',
    "é\u{1f600}"
  )
)
const version = fc.stringMatching(/^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[a-z0-9.]{1,8})?$/)
const description = fc.dictionary(
  fc.oneof(hard, fc.constantFrom("versions", "name")),
  fc.oneof(
    hard,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constant(null),
    fc.array(hard),
    fc.dictionary(hard, hard)
  ),
  { maxKeys: 4 }
)
const packument = fc.record({
  before: fc.dictionary(
    hard.filter((key) => !["name", "versions"].includes(key)),
    fc.anything({ values: [hard] }),
    { maxKeys: 3 }
  ),
  versions: fc.uniqueArray(fc.tuple(version, description, fc.boolean()), { selector: ([it]) => it, maxLength: 5 }),
  indent: fc.constantFrom(0, 1)
})

describe("the list of versions", () => {
  it("is that of the whole JSON, however it comes", () =>
    fc.assert(
      fc.property(packument, fc.integer({ min: 1, max: 40 }), ({ before, versions, indent }, size) => {
        const described = versions.map(([version, json, isOld]) => [
          version,
          { ...json, ...(isOld ? { deprecated: 'says "why"' } : { deprecated: "" }) }
        ])
        const text = JSON.stringify(
          { ...before, name: "some", versions: Object.fromEntries(described), time: before },
          null,
          indent
        )
        const found = scan(text, size)
        assert.isTrue(found.isComplete)
        assert.strictEqual(found.name, "some")
        assert.deepStrictEqual(found.versions.toSorted(), versions.map(([it]) => it).toSorted())
        const old = versions.filter(([, , isOld]) => isOld).map(([it]) => it)
        assert.deepStrictEqual([...found.deprecated].toSorted(), old.toSorted())
        assert.isFalse(scan(text.slice(0, -1), size).isComplete)
        for (const [version, json] of described) {
          const { described: named, description } = scan(text, size, (it) => it === version)
          assert.strictEqual(named, version)
          assert.strictEqual(description, JSON.stringify(json, null, indent).replaceAll("\n", "\n  "))
        }
      })
    ))

  it("is none if the text is none", () => {
    for (const text of ["", "<html>", "[]", "{}", "null", '"versions"', '{"name":"x"}', '["versions",{"1.0.0":{}}]'])
      assert.isFalse(scan(text).isComplete && scan(text).name !== undefined, text)
  })

  it("holds little of long keys and many versions", () => {
    const long = scan(`{"name":"x","versions":{"${"1".repeat(1_000_000)}":{},"1.0.0":{}}}`)
    assert.deepStrictEqual(long.versions, ["1.0.0"])
    const many = Array.from({ length: 50_001 }, (_, index) => `"${index}.0.0":{}`).join()
    assert.throws(() => scan(`{"versions":{${many}}}`), /too many/)
    const wordy = `{"versions":{"1.0.0":{"x":"${"y".repeat(300_000)}"},"2.0.0":{}}}`
    assert.strictEqual(scan(wordy, 5000, (it) => it === "1.0.0").description, "")
    assert.strictEqual(scan(wordy, 5000, () => true).description, "{}")
  })
})
