import { assert, describe, it } from "vitest"
import { footprint } from "../footprint.ts"
import { attack, postJson } from "../support.ts"
import { list, values } from "./costly-json.ts"

const refuses = async (path: string, body: string) => {
  const before = await footprint()
  const { response } = await attack(() => postJson(path, body))
  const { charged, detail } = (await response.json()) as { readonly charged: unknown; readonly detail: string }
  assert.deepStrictEqual([response.status, charged], [400, false], detail)
  assert.isBelow(detail.length, 1000)
  assert.deepStrictEqual(await footprint(), before)
}

describe("POST /deploy and /execute with four megabytes", () => {
  for (const [what, value] of values) {
    it(`refuse ${what} as files`, () => refuses("/deploy", `{"files":${value}}`))
    it(`refuse ${what} as an input`, () =>
      refuses("/execute", `{"code":"export const run = () => 1","input":${value}}`))
  }
  it("refuse a list of numbers too large for JSON as an input", () =>
    refuses("/execute", `{"code":"export const run = () => 1","input":[${list(600_000, () => "1e999")}]}`))
})
