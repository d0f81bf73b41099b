import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { decodeExecute } from "../../../src/api/request/decode-execute.ts"
import { findOverflow } from "../../../src/api/request/overflow.ts"
import { orFail } from "../../../src/api/refused.ts"

const found: ReadonlyArray<readonly [input: string, place: string]> = [
  ["1e400", "input"],
  ["-1e400", "input"],
  ["[1, 1e309]", "input[1]"],
  [`1${"0".repeat(309)}`, "input"],
  ['{"rows": [{"price": 1}, {"price": 2e999}]}', "input.rows[1].price"],
  ['{"a b": 1e400}', 'input["a b"]'],
  ['{"__proto__": {"x": 1e400}}', "input.__proto__.x"],
  ['{"a": [1e400], "b": 1e400}', "input.b"]
]

const kept = [
  "1e308",
  "-1.7976931348623157e308",
  "1e-400",
  "null",
  '"1e400"',
  "[]",
  "{}",
  '{"e": "Infinity"}',
  "[[[0]]]"
]

const decodeBody = (body: string) => orFail(decodeExecute(new TextEncoder().encode(body)))

const decode = (input: string) => decodeBody(`{"code":"export const run = 1","input":${input}}`)

describe("a number that JSON cannot keep", () => {
  for (const [input, place] of found) {
    it.effect(`is found at ${place} of ${input.slice(0, 50)}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(findOverflow(JSON.parse(input)), place)
        const error = yield* Effect.flip(decode(input))
        assert.strictEqual(error._tag, "InvalidRequest")
        assert.include(error.message, `at ${place} is`)
      })
    )
  }

  for (const input of kept) {
    it.effect(`does not include ${input}`, () =>
      Effect.map(decode(input), (program) => assert.strictEqual(program.input, JSON.stringify(JSON.parse(input))))
    )
  }

  it("is found at any depth, with a cut path", () => {
    const place = findOverflow(JSON.parse(`${'{"a":['.repeat(100_000)}1e400${"]}".repeat(100_000)}`))
    assert.strictEqual(place, `input${".a[0]".repeat(9)}.a…`)
  })
})

describe("the input of a run", () => {
  it.effect("is refused when it is nested too deeply to be written", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decode(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`))
      assert.strictEqual(error._tag, "InvalidRequest")
    })
  )

  it.effect("is refused if its name is misspelt", () =>
    Effect.gen(function* () {
      const typed = yield* Effect.flip(decodeBody('{"code":"export const run = 1","inputs":1}'))
      assert.match(typed.message, /inputs: did you mean input\?/)
      const misspelt = yield* Effect.flip(decodeBody('{"coed":"export const run = 1"}'))
      assert.match(misspelt.message, /coed: did you mean code\?/)
    })
  )
})
