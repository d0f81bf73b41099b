import { assert, describe, it } from "vitest"
import { fresh } from "../e2e/support.ts"
import { footprint } from "./footprint.ts"
import { attack, postJson } from "./support.ts"

/** `Authorization` headers that are costly to split into credentials. */
const headers: ReadonlyArray<readonly [what: string, authorization: string]> = [
  ["a quote and 45,000 escaped quotes", `"${'\\"'.repeat(45_000)}`]
]

describe("an Authorization header", () => {
  for (const [what, authorization] of headers) {
    it(`of ${what} is answered at once, and leaves nothing behind`, async () => {
      const body = fresh("plain-js")
      const before = await footprint()
      const { response } = await attack(() => postJson("/deploy", body, { authorization }))
      assert.isBelow(response.status, 500, await response.clone().text())
      assert.isAtLeast(response.status, 400)
      assert.deepStrictEqual(await footprint(), before)
    })
  }
})
