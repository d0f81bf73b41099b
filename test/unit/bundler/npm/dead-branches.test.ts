import { assert, describe, it } from "@effect/vitest"
import { guessImports } from "../../../../src/bundler/npm/source/scan.ts"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { smallRegistry } from "../../../support/npm/small-registry.ts"

const guessed = (text: string) => guessImports(text).map(({ specifier }) => specifier)

describe("a branch that never runs in production", () => {
  it("leads to no imports", () => {
    const dead: ReadonlyArray<string> = [
      'if (process.env.NODE_ENV === "production") { require("a") } else { require("b") }',
      "if (process.env.NODE_ENV !== 'production') { if (x) { require('b') } }\nrequire('a')",
      'if ("production" === process.env.NODE_ENV) require("a"); else require("b")',
      'if (process.env.NODE_ENV === "development") require("b")\nrequire("a")',
      'module.exports = process.env.NODE_ENV === "production" ? require("a") : require("b")',
      'module.exports = process.env.NODE_ENV !== "production" ? require("b") : require("a")',
      '"production" !== process.env.NODE_ENV && (function () { require("b") })(); require("a")'
    ]
    for (const text of dead) assert.deepStrictEqual(guessed(text), ["a"], text)
  })

  it("is not taken for one if it may run", () => {
    const alive: ReadonlyArray<string> = [
      'if (process.env.MODE === "production") { require("a") } else { require("b") }',
      'if (x && process.env.NODE_ENV === "production") { require("a") } else { require("b") }',
      'if (process.env.NODE_ENV === "production") { require("a") }\nrequire("b")'
    ]
    for (const text of alive) assert.deepStrictEqual(guessed(text), ["a", "b"], text)
  })

  it("fetches no package", async () => {
    const { asked, options } = smallRegistry({
      "p@1.0.0": {
        json: { dependencies: { dev: "1" } },
        files: { "index.js": 'if (process.env.NODE_ENV !== "production") { require("dev") }\nmodule.exports = 1' }
      },
      "dev@1.0.0": {}
    })
    assert.deepStrictEqual(await makeBundler(options).values({ "index.js": answering('import p from "p"', "p") }), [1])
    assert.deepStrictEqual(
      asked.filter((path) => path.startsWith("dev")),
      []
    )
  })
})
