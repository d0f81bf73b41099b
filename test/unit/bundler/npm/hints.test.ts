import { assert, describe, it } from "@effect/vitest"
import { makeBundler } from "../../../support/bundler.ts"
import { smallRegistry } from "../../../support/npm/small-registry.ts"

const a = { json: { type: "module", exports: { ".": "./index.js", "./sub": "./index.js" } } }

const barrel = {
  json: { type: "module", sideEffects: false, main: "index.js" },
  files: { "index.js": 'export { x } from "./x.js"', "x.js": "export const x = 1" }
}

const PACKAGES = {
  ...Object.fromEntries(["0.9.0", "10.1.0", "2.0.0", "2.1.0", "11.0.0"].map((it) => [`a@${it}`, a])),
  "barrel@1.0.0": barrel
}

const refusalOf = async (source: string, dependencies: object = {}) => {
  const files = { "index.ts": `${source}\nexport default {}`, "package.json": JSON.stringify({ dependencies }) }
  const [diagnostic] = await makeBundler(smallRegistry(PACKAGES).options).refusal(files)
  return diagnostic
}

describe("a hint about an import", () => {
  it("names the file of the project that is missing", async () => {
    for (const specifier of ["@/lib/gone", "~/lib/gone", "src/lib/gone"]) {
      const found = await refusalOf(`import ${JSON.stringify(specifier)}`)
      assert.include(found?.text, "is not among the files")
      assert.include(found?.hint, "src/lib/gone.ts")
    }
  })

  it("names package and module as the author knows them", async () => {
    const found = await refusalOf('import { gone } from "a"\nconsole.log(gone)')
    assert.deepInclude(found, { file: "index.ts", line: 1, text: 'a@11.0.0 exports no "gone" (index.js)' })
    assert.include(found?.hint, "a/sub")
  })

  it("names a package that only exports what others do, and not this", async () => {
    const found = await refusalOf('import { gone } from "barrel"\nconsole.log(gone)')
    assert.deepInclude(found, { file: "index.ts", line: 1, text: 'barrel@1.0.0 exports no "gone" (index.js)' })
  })

  it("lists the last version of each major", async () => {
    const found = await refusalOf('import "a"', { a: "^99" })
    assert.strictEqual(found?.hint, "The latest version is 11.0.0; others are 10.1.0, 2.1.0, 0.9.0.")
  })

  it("tells Node's modules from npm's", async () => {
    assert.include((await refusalOf('import "jsr:@std/assert"'))?.hint, "Node's module instead")
  })
})
