import { assert, describe, it } from "vitest"
import { fresh, walletOn } from "../../e2e/support.ts"
import { footprint } from "../footprint.ts"
import { postJson, stack } from "../support.ts"

/** The other attacks prove something only if the footprint shows an honest deploy. */
describe("the footprint", () => {
  it("grows after a paid deploy", async () => {
    const before = await footprint()
    const response = await walletOn(stack).fetch(`${stack.info.gateway}/deploy`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: fresh("plain-js")
    })
    assert.strictEqual(response.status, 200, await response.text())
    const after = await footprint()
    for (const name of Object.keys(before) as Array<keyof typeof before>) {
      assert.isAbove(after[name], before[name], name)
    }
  })

  it("stays the same after a quote", async () => {
    const before = await footprint()
    assert.strictEqual((await postJson("/deploy", fresh("plain-js"))).status, 402)
    assert.deepStrictEqual(await footprint(), before)
  })
})
