import { assert, beforeAll, describe, it } from "vitest"
import { hostile } from "../../support/hostile-credentials.ts"
import { footprint } from "../footprint.ts"
import { credentialFor, quoted, richRoot } from "../payer.ts"
import { attack, postJson } from "../support.ts"

/** A payment for a real challenge, as the stock client signs it. The test never sends it unchanged. */
let body: string
let good: string
beforeAll(async () => {
  const quote = await quoted()
  body = quote.body
  good = await credentialFor(quote, richRoot)
})

/** A signature cannot show the fault of these. The chain decides whether they pay, in `free-work.attack.ts`. */
const forTheChain = new Set(["has an access list within bounds"])
/** Whether a header can hold the credential. */
const isHeader = (credential: string) => /^[\t\u0020-\u00ff]*$/.test(credential)

describe("a credential gets an answer at once and leaves nothing behind if it", () => {
  for (const [what, make] of Object.entries(hostile)) {
    if (forTheChain.has(what)) continue
    it(what, async () => {
      const credential = make(good)
      const authorization = isHeader(credential) ? credential : Buffer.from(credential).toString("latin1")
      const before = await footprint()
      const { response } = await attack(() => postJson("/deploy", body, { authorization }))
      assert.oneOf(response.status, [400, 402, 431], await response.clone().text())
      assert.strictEqual(((await response.json()) as { readonly charged: unknown }).charged, false)
      assert.deepStrictEqual(await footprint(), before)
    })
  }
})
