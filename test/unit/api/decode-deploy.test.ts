import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { decodeDeploy, decodeUpdate, MAX_FILES, MAX_SOURCE_BYTES } from "../../../src/api/request/decode-deploy.ts"
import { MAX_SECRET_BYTES, MAX_SECRETS } from "../../../src/api/request/project/env.ts"
import { MAX_ASSET_BYTES, MAX_ASSETS } from "../../../src/orders/build/source-limits.ts"
import { orFail } from "../../../src/api/refused.ts"

const decode = (body: unknown) =>
  orFail(decodeDeploy(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))))

const update = (body: unknown) => orFail(decodeUpdate(new TextEncoder().encode(JSON.stringify(body))))

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
      const error = yield* Effect.flip(orFail(decodeDeploy(body)))
      assert.match(error.message, /longer than 100/)
      assert.isBelow(performance.now() - since, 300)
    })
  )

  it.effect("takes no name for an update", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* update(file("a")), { files: { a: "" } })
      const error = yield* Effect.flip(update({ ...file("a"), name: "x" }))
      assert.strictEqual(error._tag, "InvalidRequest")
      assert.match(error.message, /name is unknown. The known fields are: files, changes, env\./)
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

describe("files of bytes", () => {
  it.effect("are taken as they are sent", () =>
    Effect.gen(function* () {
      const files = { "a.ts": "1", "./public/logo.png": { base64: "iVBORw0KGgo=" }, "empty.bin": { base64: "" } }
      assert.deepStrictEqual((yield* decode({ files })).files, {
        "a.ts": "1",
        "public/logo.png": { base64: "iVBORw0KGgo=" },
        "empty.bin": { base64: "" }
      })
    })
  )

  for (const base64 of ["a", "AAA", "AA\nAA", "AA-_", "AA==AAAA", "=AAA", "A===", "ü"]) {
    rejects(
      `are refused by name if they are not base64: ${JSON.stringify(base64)}`,
      { files: { "a.ts": "", "img/logo.png": { base64 } } },
      "InvalidRequest",
      /"img\/logo.png" is not base64/
    )
  }
  for (const content of [{ base64: 5 }, { base64: "AAAA", path: "" }, { Base64: "" }, [], null]) {
    rejects(
      `are refused in another form: ${JSON.stringify(content)}`,
      { files: { "a.ts": "", "logo.png": content } },
      "MissingFiles",
      /"logo.png" is not a string/
    )
  }

  it.effect("count by their bytes", () =>
    Effect.gen(function* () {
      const bytes = (size: number) => ({ base64: Buffer.alloc(size).toString("base64") })
      yield* decode({ files: { "a.bin": bytes(MAX_SOURCE_BYTES - 1), "b.ts": "x" } })
      const error = yield* Effect.flip(decode({ files: { "a.bin": bytes(MAX_SOURCE_BYTES), "b.ts": "x" } }))
      assert.strictEqual(error._tag, "CodeTooLarge")
      assert.match(error.message, /512001 bytes/)
    })
  )

  it.effect("may have 2 MiB and 1,000 files in a folder of assets", () =>
    Effect.gen(function* () {
      const half = { base64: Buffer.alloc(MAX_ASSET_BYTES / 2).toString("base64") }
      const files = { "src/index.ts": "x".repeat(MAX_SOURCE_BYTES), "public/a.bin": half, "./dist//b.bin": half }
      yield* decode({ files })
      const error = yield* Effect.flip(decode({ files: { ...files, "public/c.txt": "x" } }))
      assert.strictEqual(error._tag, "CodeTooLarge")
      assert.match(error.message, /static files have 2097153 bytes. The limit is 2097152/)
      const many = Object.fromEntries(Array.from({ length: MAX_ASSETS }, (_, index) => [`public/${index}`, ""]))
      yield* decode({ files: { ...many, "index.ts": "" } })
      const tooMany = yield* Effect.flip(decode({ files: { ...many, "public/one-more": "" } }))
      assert.match(tooMany.message, /1001 static files/)
    })
  )
})

describe("secrets of a body", () => {
  const value = "sk_live_canary"

  it.effect("are taken beside files, and may be absent", () =>
    Effect.gen(function* () {
      const env = { API_KEY: value, _a1: "x".repeat(MAX_SECRET_BYTES), constructor: "1" }
      const decoded = yield* decode(`{"files":{"a":""},"env":${JSON.stringify(env)}}`)
      assert.deepStrictEqual(Object.entries(decoded.env ?? {}), Object.entries(env))
      for (const none of [undefined, null, {}]) {
        assert.notProperty(yield* decode({ ...file("a"), env: none }), "env")
        assert.deepStrictEqual(yield* update({ ...file("a"), env: none }), { files: { a: "" } })
      }
    })
  )

  it.effect("are an update by themselves", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* update({ env: { A: value } }), { files: null, env: { A: value } })
      for (const body of [{}, { env: {} }, { env: null }, { env: { A: value }, files: {} }, { evn: { A: value } }]) {
        const error = yield* Effect.flip(update(body))
        assert.strictEqual(error._tag, "MissingFiles", JSON.stringify(body))
      }
      const error = yield* Effect.flip(update({ env: { A: value }, nane: "x" }))
      assert.match(error.message, /nane is unknown/)
      assert.strictEqual((yield* Effect.flip(decode({ env: { A: value } })))._tag, "MissingFiles")
    })
  )

  const refused: ReadonlyArray<readonly [name: string, env: unknown, message: RegExp]> = [
    ["that are a list", [value], /env must be an object/],
    ["that are a text", value, /env must be an object/],
    ["with a name that begins with a digit", { "1A": value }, /Name 1 of env is not a name/],
    ["with a dash in a name", { OK: "1", [value.replaceAll("_", "-")]: "API_KEY" }, /Name 2 of env is not a name/],
    ["with an empty name", { "": value }, /Name 1 of env/],
    ["with an endless name", { ["A".repeat(256)]: value }, /Name 1 of env/],
    ["that are empty", { A: "" }, /env\.A must be a string that is not empty/],
    ["that are numbers", { A: 5 }, /env\.A must be a string/],
    ["that are objects", { A: { value } }, /env\.A must be a string/],
    ["of more than 5 KB", { A: "ü".repeat(MAX_SECRET_BYTES / 2) + "x" }, /env\.A has 5121 bytes/],
    ["with the host's own name", { PROJECT_ID: value }, /env\.PROJECT_ID is set by the host/],
    ["with a name of the host's own code", { __JACK_USAGE: value }, /env\.__JACK_USAGE is set by the host/],
    ["with a name that objects lose", Object.fromEntries([["__proto__", value]]), /Name 1 of env/],
    [
      "with 65 names",
      Object.fromEntries(Array.from({ length: MAX_SECRETS + 1 }, (_, index) => [`A${index}`, value])),
      /env has 65 names/
    ]
  ]
  for (const [name, env, message] of refused) {
    it.effect(`are refused ${name}, and not shown`, () =>
      Effect.gen(function* () {
        for (const error of [
          yield* Effect.flip(decode({ ...file("a"), env })),
          yield* Effect.flip(update({ env })),
          yield* Effect.flip(update({ ...file("a"), env }))
        ]) {
          assert.strictEqual(error._tag, "InvalidRequest")
          assert.match(error.message, message)
          assert.notMatch(error.message, /sk.live/)
        }
      })
    )
  }
})
