import { assert, beforeAll, describe, it } from "vitest"
import { purchaseKey } from "../../../src/domain/Order.ts"
import { walletOn } from "../../e2e/support.ts"
import { footprint } from "../footprint.ts"
import { attack, postJson, stack } from "../support.ts"

const wallet = walletOn(stack)
const secret = crypto.randomUUID()
const body = JSON.stringify({ code: "export const run = (input) => ({ input })", input: secret })
const mine = crypto.randomUUID()

/** The credential that bought a private run under the key `mine`, as a log of requests would contain it. */
let authorization: string
let answer: string
beforeAll(async () => {
  const headers = { "idempotency-key": mine }
  authorization = await wallet.credential(await postJson("/execute", body, headers))
  const response = await postJson("/execute", body, { ...headers, authorization })
  answer = await response.text()
  assert.strictEqual(response.status, 200, answer)
})

const keys: Readonly<Record<string, () => string | undefined>> = {
  "no key": () => undefined,
  "the hash of the key, which stands in the credential": () => purchaseKey(mine),
  "the hash as earlier releases wrote it": () => purchaseKey(mine).replace("own_", "key_"),
  "the digits of the hash": () => purchaseKey(mine).slice(4),
  "a random key": () => crypto.randomUUID(),
  "a random key of our own form": () => purchaseKey(undefined),
  "the hash of another key": () => purchaseKey("another"),
  "the key in upper case": () => mine.toUpperCase(),
  "a part of the key": () => mine.slice(0, -1),
  "the key and more": () => `${mine}0`,
  "the payer's address": () => wallet.account.address,
  "the challenge's id": () => /id="([^"]+)"/.exec(atob(authorization.slice("Payment ".length)))?.[1] ?? "id"
}

describe("a copied credential with the body that it has paid for", () => {
  for (const [what, key] of Object.entries(keys)) {
    it(`reads no answer with ${what}, and leaves nothing behind`, async () => {
      const before = await footprint()
      const value = key()
      const headers = { authorization, ...(value !== undefined && { "idempotency-key": value }) }
      const { response } = await attack(() => postJson("/execute", body, headers))
      assert.oneOf(response.status, [402, 409])
      assert.notInclude(await response.text(), secret)
      assert.deepStrictEqual(await footprint(), before)
    })
  }

  it("reads the answer with the purchase's key, and moves no money", async () => {
    const before = await footprint()
    const response = await postJson("/execute", body, { authorization, "idempotency-key": mine })
    assert.strictEqual(await response.text(), answer)
    assert.deepStrictEqual(await footprint(), before)
  })
})
