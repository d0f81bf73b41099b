import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { decodeDeploy, decodeUpdate, MAX_FILES, MAX_SOURCE_BYTES } from "../../../src/api/request/decode-deploy.ts"

const decode = (body: unknown) =>
  decodeDeploy(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)))

const rejects = (name: string, body: unknown, tag: string, message: RegExp) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decode(body))
      assert.strictEqual(error._tag, tag)
      assert.match(error.message, message)
      assert.isFalse(error.charged)
    })
  )

const file = (path: string) => ({ files: { [path]: "" } })

describe("a deploy's body", () => {
  it.effect("holds files by path, and maybe a name", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decode({ files: { "./src//a.ts": "1", b: "" }, name: "My API" }), {
        files: { "src/a.ts": "1", b: "" },
        name: "My API"
      })
      assert.deepStrictEqual(yield* decode(file("a.ts")), { files: { "a.ts": "" }, name: null })
      assert.isNull((yield* decode({ ...file("a.ts"), name: null })).name)
      assert.isNull((yield* decode({ ...file("a.ts"), name: "" })).name)
    })
  )

  it.effect("may call a file __proto__, constructor or toString", () =>
    Effect.gen(function* () {
      const { files } = yield* decode('{"files": {"__proto__": "1", "constructor": "2", "toString": "3"}}')
      assert.deepStrictEqual(Object.entries(files), [
        ["__proto__", "1"],
        ["constructor", "2"],
        ["toString", "3"]
      ])
    })
  )

  rejects("that is no JSON", "{", "MissingFiles", /not JSON/)
  rejects("that is no UTF-8", "\ud800{", "MissingFiles", /not JSON/)
  rejects("that is nested without end", "[".repeat(300_000), "MissingFiles", /not JSON/)
  rejects("that nests files without end", `{"files":${"[".repeat(300_000)}${"]".repeat(300_000)}}`, "MissingFiles", /./)
  for (const body of [null, 5, "text", [], {}, { files: null }, { files: [] }, { files: {} }, { files: { a: 5 } }]) {
    rejects(`without files: ${JSON.stringify(body)}`, JSON.stringify(body), "MissingFiles", /files must be/)
  }
  rejects(
    "with a file that is an object",
    { files: { a: "", "package.json": {} } },
    "MissingFiles",
    /"package.json" is not/
  )
  rejects("with a name that is no text", { ...file("a"), name: 5 }, "InvalidRequest", /name must be a string/)
  rejects("with a name of nothing", { ...file("a"), name: "!?" }, "InvalidRequest", /name has no letter/)
  rejects("with a name of 101 characters", { ...file("a"), name: "a".repeat(101) }, "InvalidRequest", /longer than 100/)
  rejects("with a name of 101 emoji", { ...file("a"), name: "🙂".repeat(101) }, "InvalidRequest", /longer than 100/)
  rejects("with a misspelt name", { ...file("a"), nane: "x" }, "InvalidRequest", /nane: did you mean name\?/)
  rejects("with misspelt files", { flies: {} }, "MissingFiles", /flies: did you mean files\?/)
  rejects(
    "with misspelt files beside empty ones",
    { flies: {}, files: {} },
    "MissingFiles",
    /flies: did you mean files\?/
  )
  rejects("with a field __proto__", `{"files":{"a":""},"__proto__":{}}`, "InvalidRequest", /__proto__ is unknown/)
  rejects("with files only in __proto__", `{"__proto__":{"files":{"a":""}}}`, "MissingFiles", /files must be/)

  it.effect("may have a name of 100 characters, however they are encoded", () =>
    Effect.gen(function* () {
      for (const name of ["a".repeat(100), `a${"🙂".repeat(99)}`]) {
        assert.strictEqual((yield* decode({ ...file("a"), name })).name, name)
      }
    })
  )

  it.effect("is refused for a name of two million combining marks without normalizing it", () =>
    Effect.gen(function* () {
      const body = new TextEncoder().encode(JSON.stringify({ ...file("a"), name: "a\u0301\u0316".repeat(600_000) }))
      const since = performance.now()
      const error = yield* Effect.flip(decodeDeploy(body))
      assert.match(error.message, /longer than 100/)
      assert.isBelow(performance.now() - since, 300)
    })
  )

  it.effect("takes no name for an update", () =>
    Effect.gen(function* () {
      const bytes = (body: unknown) => new TextEncoder().encode(JSON.stringify(body))
      assert.deepStrictEqual(yield* decodeUpdate(bytes(file("a"))), { a: "" })
      const error = yield* Effect.flip(decodeUpdate(bytes({ ...file("a"), name: "x" })))
      assert.strictEqual(error._tag, "InvalidRequest")
      assert.match(error.message, /name is unknown. The known fields are: files\./)
    })
  )

  rejects("with an absolute path", file("/a"), "InvalidRequest", /absolute/)
  rejects("with a drive", file("C:/a"), "InvalidRequest", /absolute/)
  rejects("with a path that leads out", file("a/../../b"), "InvalidRequest", /must not contain '\.\.'/)
  rejects("with a backslash", file("a\\b"), "InvalidRequest", /backslash/)
  rejects("with a control character", file("a\nb"), "InvalidRequest", /control character/)
  rejects("with an empty path", file(""), "InvalidRequest", /must name a file/)
  rejects("with a folder for a file", file("a/"), "InvalidRequest", /must name a file/)
  rejects("with an endless path", file("a".repeat(513)), "InvalidRequest", /longer than 512/)
  rejects("with the same file twice", { files: { a: "", "./a": "" } }, "InvalidRequest", /same file/)

  it.effect("has at most 500 files", () =>
    Effect.gen(function* () {
      const files = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}.ts`, ""]))
      yield* decode({ files: files(MAX_FILES) })
      const error = yield* Effect.flip(decode({ files: files(MAX_FILES + 1) }))
      assert.match(error.message, /501 files/)
    })
  )

  it.effect("has at most 512,000 bytes of UTF-8", () =>
    Effect.gen(function* () {
      const source = "ü".repeat(MAX_SOURCE_BYTES / 2)
      yield* decode({ files: { a: source } })
      const error = yield* Effect.flip(decode({ files: { a: source, b: "x" } }))
      assert.strictEqual(error._tag, "CodeTooLarge")
      assert.match(error.message, /512001 bytes/)
    })
  )
})
