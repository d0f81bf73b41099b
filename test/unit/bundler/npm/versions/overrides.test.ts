import { assert, describe, it } from "@effect/vitest"
import { answering, makeBundler } from "../../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../../support/npm/small-registry.ts"

const esm = (source: string, dependencies: Readonly<Record<string, string>> = {}): Small => ({
  json: { type: "module", exports: "./index.js", dependencies },
  files: { "index.js": source }
})

const PACKAGES = {
  ...Object.fromEntries(["1.0.0", "1.5.0", "2.0.0"].map((it) => [`a@${it}`, esm(`export default "${it}"`)])),
  "b@1.0.0": esm('export { default } from "a"', { a: "^1.0.0" })
}

const build = async (json: object, files: Readonly<Record<string, string>> = {}) => {
  const { bundle, values } = makeBundler(smallRegistry(PACKAGES).options)
  const project = { "index.ts": answering('import b from "b"', "b"), "package.json": JSON.stringify(json), ...files }
  const { warnings } = await bundle(project)
  return { values: await values(project), warnings: warnings.map(({ file, text }) => `${file}: ${text}`) }
}

describe("the versions that a project forces upon packages", () => {
  it("are those of overrides, resolutions and pnpm.overrides", async () => {
    assert.deepStrictEqual((await build({})).values, ["1.5.0"])
    for (const json of [
      { overrides: { a: "1.0.0" } },
      { overrides: { a: { ".": "1.0.0" } } },
      { overrides: { a: "$a" }, dependencies: { a: "1.0.0" } },
      { resolutions: { "**/a": "1.0.0" } },
      { pnpm: { overrides: { a: "1.0.0" } } }
    ])
      assert.deepStrictEqual(await build(json), { values: ["1.0.0"], warnings: [] })
    assert.deepStrictEqual((await build({ overrides: { a: "^2" } })).values, ["2.0.0"])
  })

  it("are not those of one importer or range: a warning says so", async () => {
    const { values, warnings } = await build({ overrides: { b: { a: "1.0.0" }, "a@^1": "1.0.0" } })
    assert.deepStrictEqual(values, ["1.5.0"])
    assert.deepStrictEqual(
      warnings.map((it) => it.slice(0, 46)),
      ['package.json: The override of "b" is ignored, ', 'package.json: The override of "a@^1" is ignore']
    )
  })
})

describe("the lock file of another package manager", () => {
  it("is a warning", async () => {
    const { warnings } = await build({}, { "pnpm-lock.yaml": "lockfileVersion: 9" })
    assert.deepStrictEqual(warnings, [
      "pnpm-lock.yaml: pnpm-lock.yaml is not read, so packages may have other versions than those in it"
    ])
  })
})
