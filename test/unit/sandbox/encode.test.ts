import { assert, describe, it } from "vitest"
import { encode as source } from "../../../src/sandbox/isolate/encode.ts"
import { intrinsics } from "../../../src/sandbox/isolate/intrinsics.ts"

/** The modules that an isolate evaluates, evaluated here. */
const { encode } = (await import(
  /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(`${intrinsics}\n${source}\nexport { encode }`)}`
)) as { readonly encode: (value: unknown) => Promise<string> }

const circular: Record<string, unknown> = { list: [] }
circular["list"] = [circular]

class Point {
  #x = 1
  get x() {
    return this.#x
  }
}

/** Values that JSON loses; the error must match the pattern. */
const LOSSY: ReadonlyArray<readonly [name: string, value: unknown, error: RegExp]> = [
  ["a Map", new Map([["a", 1]]), /^The result is a Map, .* Return Object\.fromEntries\(it\)/],
  ["a Set in a list", { items: [new Set([1])] }, /^result\.items\[0\] is a Set/],
  ["a weak collection", new WeakMap(), /a weak collection/],
  ["an Error", { cause: new RangeError("x") }, /^result\.cause is an Error/],
  ["a RegExp", /x/, /a RegExp/],
  ["an ArrayBuffer", new ArrayBuffer(1), /an ArrayBuffer/],
  ["a typed array", new Uint8Array(1), /a typed array/],
  ["a DataView", new DataView(new ArrayBuffer(1)), /a DataView|DataView/],
  ["a Response", new Response("x"), /a Response/],
  ["a Request", new Request("http://x"), /a Request/],
  ["a stream", new ReadableStream(), /a stream/],
  ["a stream to write", new TransformStream(), /a stream/],
  ["a Blob", new Blob(["x"]), /a Blob/],
  ["a list of entries", new Headers({ a: "b" }), /a list of entries/],
  ["an iterator", [1].values(), /Array\.from\(it\)/],
  ["an async iterator", (async function* () {})(), /Array\.fromAsync\(it\)/],
  ["a hidden field", new Point(), /an instance of Point without properties/],
  ["NaN", { "a-b": Number.NaN }, /^result\["a-b"\] is NaN/],
  ["a BigInt", 1n, /a BigInt/],
  ["a symbol", Symbol("x"), /a symbol/],
  ["a function", () => 1, /a function/],
  ["undefined", undefined, /^The result is undefined/],
  ["undefined in a list", [undefined], /^result\[0\] is undefined/],
  ["an invalid Date", new Date(Number.NaN), /an invalid Date/],
  ["itself", circular, /^result\.list\[0\] is the whole result again/]
]

/** Values that JSON keeps, and their JSON. */
const KEPT: ReadonlyArray<readonly [name: string, value: unknown, json: string]> = [
  ["plain values", { a: [1, "é", null, true], b: undefined }, '{"a":[1,"é",null,true]}'],
  ["a Date", { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ["a boxed number", [Object(1)], "[1]"],
  ["promises within promises", { a: Promise.resolve([Promise.resolve(1)]) }, '{"a":[1]}'],
  ["an async toJSON", { toJSON: async () => ({ b: 1 }) }, '{"b":1}'],
  ["an instance with fields", Object.assign(new Point(), { y: 2 }), '{"y":2}']
]

describe("encode", () => {
  for (const [name, value, error] of LOSSY)
    it(`refuses ${name}`, async () => {
      const failure = await encode(value).then(
        (json) => json,
        (cause: unknown) => cause
      )
      assert.instanceOf(failure, TypeError)
      assert.match((failure as Error).message, error)
    })

  for (const [name, value, json] of KEPT)
    it(`encodes ${name}`, async () => assert.strictEqual(await encode(value), json))

  it("refuses a result that is too large, simple or not", async () => {
    for (const value of ["x".repeat(1_048_576), [new Date(0), "x".repeat(1_048_576)]]) {
      const failure = await encode(value).catch((cause: unknown) => cause)
      assert.strictEqual((failure as Error).name, "ResultTooLarge")
    }
  })
})
