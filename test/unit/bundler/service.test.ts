import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { BundleRejected, Bundler, BundlerCrashed } from "../../../src/bundler/Bundler.ts"
import { layerBundlerTest } from "../../../src/bundler/testing.ts"
import { layerEsbuild } from "../../../src/bundler/layer.ts"
import { wasm } from "../../support/bundler.ts"

/** Workers cannot compile wasm, so their types have no constructor. Node has one. */
const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module

/** The smallest WebAssembly module: its magic number and version. It is not esbuild. */
const EMPTY = new Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))

const bundle = Effect.fnUntraced(function* (files: Readonly<Record<string, string>>) {
  const bundler = yield* Bundler
  return yield* bundler.bundle(files)
})

const files = { "index.ts": "export default { fetch: () => new Response() }" }

describe("layerEsbuild", () => {
  it.effect("rejects a faulty source", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(bundle({ "a.txt": "" }))
      assert.instanceOf(error, BundleRejected)
      assert.match(error.diagnostics[0]?.text ?? "", /no entrypoint/)
    }).pipe(Effect.provide(layerEsbuild(EMPTY)))
  )

  it.effect("reports that the compiler does not start", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(bundle(files))
      assert.instanceOf(error, BundlerCrashed)
      assert.strictEqual(error.message, "The compiler did not start")
    }).pipe(Effect.provide(layerEsbuild(EMPTY)))
  )
})

describe("a source whose imports cannot be fetched", () => {
  const importing = { "index.ts": 'import { z } from "https://esm.sh/zod@4"\nexport default { fetch: () => z }' }
  const answers: Record<string, readonly [fetch: typeof fetch, certain: boolean]> = {
    "the host is overloaded": [async () => new Response("busy", { status: 503 }), false],
    "the host has had enough": [async () => new Response("slow down", { status: 429 }), false],
    "the network is down": [() => Promise.reject(new TypeError("fetch failed")), false],
    "there is no such module": [async () => new Response("not found", { status: 404 }), true]
  }
  for (const [why, [fetch, certain]] of Object.entries(answers)) {
    it.live(`is rejected ${certain ? "permanently" : "temporarily"} when ${why}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(bundle(importing))
        assert.instanceOf(error, BundleRejected)
        assert.strictEqual(error.certain, certain)
      }).pipe(Effect.provide(layerEsbuild(wasm, { fetch })))
    )
  }
})

describe("layerBundlerTest", () => {
  it.effect("answers a program that runs", () =>
    Effect.gen(function* () {
      const { entrypoint, code, main } = yield* bundle(files)
      assert.deepStrictEqual([entrypoint, main], ["index.ts", "worker.js"])
      assert.match(code, /export default/)
    }).pipe(Effect.provide(layerBundlerTest()))
  )

  it.effect("fails as the test's script says", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(bundle(files)))._tag, "BundlerCrashed")
    }).pipe(Effect.provide(layerBundlerTest(() => Effect.fail(new BundlerCrashed({ message: "scripted" })))))
  )
})

describe("BundleRejected", () => {
  it("survives encoding, with and without hint", () => {
    const diagnostic = { file: "a.ts", line: 1, column: 2, text: "no" }
    const error = new BundleRejected({ diagnostics: [diagnostic, { ...diagnostic, hint: "so" }] })
    const codec = Schema.toCodecJson(BundleRejected)
    const decoded = Schema.decodeUnknownSync(codec)(Schema.encodeSync(codec)(error))
    assert.deepStrictEqual(decoded.diagnostics, error.diagnostics)
  })
})
