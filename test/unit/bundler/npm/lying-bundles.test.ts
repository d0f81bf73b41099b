import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { BundleError, createBundler, RegistryUnavailableError } from "../../../../src/bundler/index.ts"
import { wasm } from "../../../support/bundler.ts"
import { HOSTILE_ARCHIVES } from "../../../support/npm/hostile-archives.ts"
import { startRegistry } from "../../../support/npm/lying-registry.ts"

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(HOSTILE_ARCHIVES)
})
afterAll(() => registry.stop())

const source = (name: string) => ({
  "src/index.ts": `\nimport * as it from "${name}"\nexport default { fetch: () => new Response(JSON.stringify(it)) }`
})

describe("a bundle of a package that the registry lies about", () => {
  const bundle = (name: string) => createBundler({ wasm, packages: { registry: registry.base } }).bundle(source(name))
  const errorOf = (name: string): Promise<unknown> => bundle(name).catch((error: unknown) => error)

  it("is refused at the import, and may succeed another time", async () => {
    for (const [name, text] of [
      ["forged", "is not the published one"],
      ["bare", "has no strong hash"],
      ["zeros", "expands to more than 100 times"],
      ["damaged-tar", "damaged archive"],
      ["absent", "There is no package absent on npm"]
    ] as const) {
      const error = await errorOf(name)
      assert.instanceOf(error, BundleError, name)
      assert.deepInclude(error.diagnostics[0], { file: "src/index.ts", line: 2 }, name)
      assert.include(error.diagnostics[0]?.text, text)
      assert.isFalse(error.certain, name)
    }
  })

  it("is no verdict where the registry does not answer as it should", async () => {
    for (const name of ["page", "cut", "gone", "down", "redirect"])
      assert.instanceOf(await errorOf(name), RegistryUnavailableError, name)
    const { code, lock } = await bundle("good")
    assert.include(code, "default")
    assert.match(lock["good@latest"] ?? "", /^good@1\.0\.0 sha512-/)
    assert.strictEqual(registry.open, 0)
  })
})
