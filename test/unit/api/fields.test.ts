import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { findMisspelt, refuseUnknownFields } from "../../../src/api/request/fields.ts"
import { orFail } from "../../../src/api/refused.ts"

const refusal = (json: object, known: ReadonlyArray<string>) =>
  Effect.map(Effect.flip(orFail(refuseUnknownFields(json, known))), ({ detail }) => detail)

describe("unknown fields", () => {
  it.effect("do not include the known ones", () =>
    orFail(refuseUnknownFields({ code: 1, input: 2 }, ["code", "input"]))
  )

  const table: ReadonlyArray<readonly [field: string, meant: string | undefined]> = [
    ["inputs", "input"],
    ["inptu", "input"],
    ["Input", "input"],
    ["imput", "input"],
    ["in", undefined],
    ["coed", "code"],
    ["codes", "code"],
    ["cod", "code"],
    ["node", "code"],
    ["cord", undefined],
    ["env", undefined],
    ["", undefined]
  ]
  for (const [field, meant] of table) {
    it.effect(`${JSON.stringify(field)} is ${meant === undefined ? "like none" : `like ${meant}`}`, () =>
      Effect.gen(function* () {
        const detail = yield* refusal({ [field]: 1 }, ["code", "input"])
        if (meant === undefined) assert.notMatch(detail, /did you mean/)
        else assert.include(detail, `${field}: did you mean ${meant}?`)
        assert.include(detail, "The known fields are: code, input.")
      })
    )
  }

  it.effect("are named, at most three of them, cut and escaped", () =>
    Effect.gen(function* () {
      const names = ['a"\n', "b".repeat(1_000_000), "c", "d", "e"]
      const detail = yield* refusal(Object.fromEntries(names.map((name) => [name, 1])), ["files"])
      assert.strictEqual(
        detail,
        `Unknown fields: "a\\"\\n" is unknown; "${"b".repeat(100)}…" is unknown; c is unknown; and 2 more. ` +
          "The known fields are: files."
      )
    })
  )

  it("are counted at once when there are a million", () => {
    const json = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`field ${index}`, 1]))
    const since = performance.now()
    Effect.runSync(refusal(json, ["files", "name"]))
    assert.isBelow(performance.now() - since, 500)
  })

  it("match a known field if one letter is wrong", () => {
    const letter = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz")
    fc.assert(
      fc.property(fc.constantFrom("files", "name", "code", "input"), fc.nat({ max: 4 }), letter, (name, at, wrong) => {
        const index = Math.min(at, name.length - 1)
        for (const typed of [
          name.slice(0, index) + wrong + name.slice(index + 1),
          name.slice(0, index) + wrong + name.slice(index),
          name.slice(0, index) + name.slice(index + 1)
        ]) {
          if (typed !== name) assert.include(findMisspelt({ [typed]: 1 }, name), `did you mean ${name}?`)
        }
      })
    )
  })
})
