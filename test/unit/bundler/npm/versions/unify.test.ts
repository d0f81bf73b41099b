import { assert, describe, it } from "@effect/vitest"
import { answering, makeBundler } from "../../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../../support/npm/small-registry.ts"

/** A package for import and for require, whose parts know each other. */
const both: Small = {
  json: { main: "./main.js", module: "./module.js" },
  files: {
    "main.js": 'exports.way = "main"; exports.Class = class {}; exports.default = exports',
    "module.js": 'export const way = "module"; export class Class {}'
  }
}

const requiring: Small = {
  json: { main: "index.js", dependencies: { both: "^1.0.0" } },
  files: { "index.js": 'const { way, Class } = require("both"); exports.way = way; exports.made = new Class()' }
}

const valuesOf = async (packages: Readonly<Record<string, Small>>, index: string) => {
  const registry = smallRegistry(packages)
  return makeBundler(registry.options).values({ "index.ts": index })
}

describe("a package with a module for import and one for require", () => {
  it("is in the program once, as its main, if anything requires it", async () => {
    const index = answering(
      'import { Class, way } from "both"\nimport { made, way as other } from "requiring"',
      "way",
      "other",
      "made instanceof Class"
    )
    const packages = { "both@1.0.0": both, "requiring@1.0.0": requiring }
    assert.deepStrictEqual(await valuesOf(packages, index), ["main", "main", true])
  })

  it("is its module if nothing requires it", async () => {
    const index = answering('import { way } from "both"', "way")
    assert.deepStrictEqual(await valuesOf({ "both@1.0.0": both }, index), ["module"])
  })

  it("is both if its exports say so, as in Node", async () => {
    const exports = { ".": { require: "./main.js", import: "./module.js" } }
    const packages = { "both@1.0.0": { ...both, json: { ...both.json, exports } }, "requiring@1.0.0": requiring }
    const index = answering('import { way } from "both"\nimport { way as other } from "requiring"', "way", "other")
    assert.deepStrictEqual(await valuesOf(packages, index), ["module", "main"])
  })
})
