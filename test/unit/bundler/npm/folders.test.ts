import { assert, describe, it } from "@effect/vitest"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

const json = (value: unknown) => JSON.stringify(value)

const bundlerOf = (small: Small) => makeBundler(smallRegistry({ "p@1.0.0": small }).options)

const INDEX = { "index.ts": answering('import p from "p"', "p") }

describe("package.json of a folder in a package", () => {
  it("replaces the folder's files and its imports by browser, and no others", async () => {
    const files = {
      "index.js": 'import esm from "./esm/index.js"\nimport a from "./a.js"\nexport default [...esm, a]',
      "a.js": 'export default "a"',
      "esm/index.js":
        'import ws from "ws"\nimport a from "./a"\nimport fs from "fs-extra"\nexport default [typeof ws, a, fs]',
      "esm/a.js": 'export default "esm a"',
      "esm/b.js": 'export default "esm b"',
      "esm/c.js": 'export default "esm c"'
    }
    const folder = { type: "module", browser: { ws: false, "./a.js": "./b.js", "fs-extra": "./c.js" } }
    const small = { json: { type: "module" }, files: { ...files, "esm/package.json": json(folder) } }
    assert.deepStrictEqual(await bundlerOf(small).values(INDEX), [["object", "esm b", "esm c", "a"]])
  })

  it("says which of the folder's files have side effects", async () => {
    const imports = ["esm/keep.js", "esm/drop.js", "other/drop.js"].map((it) => `import "./${it}"`).join("\n")
    const mark = (name: string) => `globalThis.marks = [...(globalThis.marks ?? []), "${name}"]`
    const files = {
      "index.js": `${imports}\nexport default 1`,
      "esm/package.json": json({ type: "module", sideEffects: ["./keep.js"] }),
      "esm/keep.js": mark("keep"),
      "esm/drop.js": mark("drop"),
      "other/package.json": json({ type: "module" }),
      "other/drop.js": mark("other")
    }
    const { code } = await bundlerOf({ json: { type: "module", sideEffects: false }, files }).bundle(INDEX)
    assert.include(code, '"keep"')
    assert.notInclude(code, '"drop"')
    assert.notInclude(code, '"other"', "the package's own word counts where the folder says nothing")
  })
})

describe("the browser field of iconv-lite", () => {
  it("is left out, because the package calls what it replaces by nothing", async () => {
    const files = {
      "index.js": 'module.exports = require("./streams")(1)',
      "streams.js": "module.exports = (n) => n + 1"
    }
    const iconv = { json: { main: "./index.js", browser: { "./streams": false } }, files }
    const { values } = makeBundler(smallRegistry({ "iconv-lite@0.4.24": iconv }).options)
    assert.deepStrictEqual(await values({ "index.ts": answering('import i from "iconv-lite"', "i") }), [2])
  })
})
