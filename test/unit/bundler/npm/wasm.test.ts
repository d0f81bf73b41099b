import { randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { PACKAGE_LIMITS } from "../../../../src/bundler/index.ts"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

/** The smallest module of WebAssembly, and one of a size. */
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const wasmOf = (bytes: number): Uint8Array =>
  Uint8Array.from([...HEAD, ...randomBytes(Math.max(0, bytes - HEAD.length))])

const packageOf = (source: string, files: Small["files"] = { "lib/c.wasm": wasmOf(8) }): Small => ({
  json: { type: "module", exports: { ".": "./index.js", "./*": "./*" } },
  files: { "index.js": source, ...files }
})
const bundlerOf = (small: Small) => makeBundler(smallRegistry({ "@s/p@1.0.0": small }).options)
const using = { "index.ts": answering('import it from "@s/p"', "it") }

describe("WebAssembly of a package", () => {
  const expected = [{ name: "npm/_40s/p_401.0.0/lib/c.wasm", kind: "wasm" as const, base64: "AGFzbQEAAAA=" }]

  it("is a module beside the bundle, however it is imported", async () => {
    for (const specifier of ["./lib/c.wasm", "./lib/c.wasm?module", "@s/p/lib/c.wasm"]) {
      const { code, modules } = await bundlerOf(packageOf(`export { default } from "${specifier}"`)).bundle(using)
      assert.deepStrictEqual(modules, expected)
      assert.include(code, `from "./${expected[0]?.name}"`)
    }
    for (const specifier of ["@s/p/lib/c.wasm", "@s/p/lib/c.wasm?module", "npm:@s/p@1.0.0/lib/c.wasm"]) {
      const { modules } = await bundlerOf(packageOf("")).bundle({
        "index.ts": answering(`import it from "${specifier}"`, "it")
      })
      assert.deepStrictEqual(modules, expected, specifier)
    }
  })

  it("is left out if the program does not use it", async () => {
    const source = 'import wasm from "./lib/c.wasm"; export const used = () => wasm; export default 1'
    const { json, files = {} } = packageOf(source)
    const { modules } = await bundlerOf({ json: { ...json, sideEffects: false }, files }).bundle(using)
    assert.deepStrictEqual(
      modules.map(({ name }) => name),
      expected.map(({ name }) => name),
      "the compiler keeps imports of other modules"
    )
    const unread = packageOf("export default 1")
    assert.deepStrictEqual((await bundlerOf(unread).bundle(using)).modules, [])
  })

  it("is refused if it is none, is missing, or is too large", async () => {
    const refusal = async (files: Small["files"]) => {
      const [found] = await bundlerOf(packageOf('export { default } from "./lib/c.wasm"', files)).refusal(using)
      return found?.text
    }
    assert.strictEqual(await refusal({ "lib/c.wasm": "<html>" }), "@s/p@1.0.0: lib/c.wasm is no module of WebAssembly")
    assert.include(await refusal({}), 'has no such file: its index.js imports "./lib/c.wasm"')
    assert.strictEqual(
      await refusal({ "lib/c.wasm": wasmOf(PACKAGE_LIMITS.wasmBytes + 1) }),
      "@s/p@1.0.0: the modules of WebAssembly that are imported have more than 3 MiB"
    )
  })
})
