import { assert, describe, it } from "vitest"
import { mapStack, originsOf } from "../../../src/sandbox/positions.ts"

/** A map of one line: `count` segments, each two columns after the one before, all on line 1 of `index.ts`. */
const mapOf = (count: number) =>
  JSON.stringify({ version: 3, sources: ["index.ts"], mappings: `AAAA${",EAAE".repeat(count - 1)}` })

describe("the origin of a place in a bundle", () => {
  it("is the origin of the last segment before it", () => {
    const origin = originsOf(mapOf(4))
    for (const [column, expected] of [
      [1, 1],
      [2, 1],
      [3, 3],
      [4, 3],
      [7, 7],
      [900, 7]
    ] as const) {
      assert.deepStrictEqual(origin(1, column), { file: "index.ts", line: 1, column: expected })
    }
    assert.isUndefined(origin(2, 1))
  })

  it("is found at once in a line of 240,000 segments, however many places a stack names", () => {
    const origin = originsOf(mapOf(240_000))
    origin(1, 1)
    const since = performance.now()
    mapStack(`x\n    at ${"worker.js:1:300000 ".repeat(1_100)}`, "worker.js", origin)
    assert.isBelow(performance.now() - since, 100)
  })
})
