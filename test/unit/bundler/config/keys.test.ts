import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { LATEST_COMPATIBILITY_DATE } from "../../../../src/bundler/config/compatibility/compatibility.ts"
import { HONOURED, REFUSED, WITHOUT_EFFECT } from "../../../../src/bundler/config/keys.ts"
import { inEachFormat, pointedAt, readFiles, refusalOf } from "../../../support/config.ts"

interface Schema {
  readonly definitions: Readonly<Record<string, { readonly properties: Readonly<Record<string, Property>> }>>
}

interface Property {
  readonly type?: string
  readonly items?: Property
  readonly properties?: Readonly<Record<string, Property>>
}

const schema = JSON.parse(readFileSync("node_modules/wrangler/config-schema.json", "utf8")) as Schema
const properties = schema.definitions["RawConfig"]?.properties ?? {}

/** An entry of a key that binds something, as the schema describes it. */
const example = (key: string): { readonly value: unknown; readonly names: ReadonlyArray<string> } => {
  const property = properties[key]
  const named = (item: Property | undefined, name: string) => {
    const field = ["binding", "name", "queue", "class_name"].find((it) => item?.properties?.[it] !== undefined)
    return field === undefined ? name : { [field]: name }
  }
  if (property?.items !== undefined)
    return { value: [named(property.items, "FIRST"), named(property.items, "SECOND")], names: ["FIRST", "SECOND"] }
  if (property?.properties?.["binding"] !== undefined) return { value: { binding: "FIRST" }, names: ["FIRST"] }
  return property?.type === "string" ? { value: "./dist", names: [] } : { value: { FIRST: "a" }, names: [] }
}

describe("every key of wrangler's schema", () => {
  const classified = [...HONOURED, ...Object.keys(WITHOUT_EFFECT), ...Object.keys(REFUSED)]

  it("is honoured, without effect, or refused, and only one of them", () => {
    assert.isAbove(Object.keys(properties).length, 70)
    assert.deepStrictEqual(classified.toSorted(), Object.keys(properties).toSorted())
    assert.strictEqual(new Set(classified).size, classified.length)
  })

  it("has one warning at its line if it has no effect", () => {
    for (const key of Object.keys(WITHOUT_EFFECT))
      for (const files of inEachFormat({ compatibility_date: "2026-01-01", [key]: "x", main: "a.ts" })) {
        const { warnings } = readFiles(files)
        assert.strictEqual(warnings.length, 1, key)
        assert.include(warnings[0]?.text, `"${key}"`)
        assert.match(pointedAt(files, warnings[0]!), new RegExp(`^"?${key}"?\\s*[:=]`))
        assert.isAbove(warnings[0]?.hint?.length ?? 0, 10)
      }
  })

  it("is refused at the line of each binding if the code would miss it", () => {
    for (const key of Object.keys(REFUSED)) {
      const { value, names } = example(key)
      for (const files of inEachFormat({ main: "a.ts", [key]: value, vars: { A: "b" } })) {
        const found = refusalOf(files)
        assert.strictEqual(found.length, Math.max(1, names.length), key)
        for (const [index, name] of names.entries()) {
          if (!["connect", "access", "site"].includes(key)) assert.include(found[index]?.text, name, key)
          assert.include(pointedAt(files, found[index]!), name, key)
          assert.include(found[index]?.source, name, key)
        }
        assert.isAbove(found[0]?.hint?.length ?? 0, 10)
      }
    }
  })

  it("is no reason to refuse if it is empty", () => {
    for (const key of Object.keys(REFUSED)) {
      assert.deepStrictEqual(readFiles({ "wrangler.json": JSON.stringify({ [key]: [] }) }).warnings, [])
      assert.deepStrictEqual(readFiles({ "wrangler.json": JSON.stringify({ [key]: {} }) }).warnings, [])
    }
  })
})

it("warns of keys that do not exist, and names the one that was meant", () => {
  for (const [written, meant] of [
    ["kv_namespace", "kv_namespaces"],
    ["compatability_date", "compatibility_date"],
    ["asset", "assets"],
    ["r2_bukcets", "r2_buckets"]
  ]) {
    const { warnings } = readFiles({ "wrangler.toml": `${written} = "x"\n` })
    assert.strictEqual(warnings[0]?.hint, `Did you mean "${meant}"?`)
  }
  const [warning] = readFiles({ "wrangler.json": '{"__proto__": 1, "x": 2}' }).warnings
  assert.include(warning?.text, "__proto__")
  assert.strictEqual(warning?.hint, undefined)
})

it("knows the newest date of the installed runtime", () => {
  const { compatibilityDate } = createRequire(import.meta.url)("workerd") as { readonly compatibilityDate: string }
  assert.strictEqual(LATEST_COMPATIBILITY_DATE, compatibilityDate)
})
