import { Challenge } from "mppx"
import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { testAtOnce } from "./at-once.ts"
import { testTokens } from "./tokens.ts"
import { fresh, postTo, startTestStack, walletOn } from "../support.ts"

// Jack keeps secrets for a machine, not for a project, so two gateways may share them and their recipient. Only the realm,
// which a challenge names under its HMAC, separates them.
let one: Stack
let other: Stack
beforeAll(async () => {
  one = await startTestStack({ REALM: "one-compute", TEMPO_CURRENCIES: "pathUSD,AlphaUSD" })
  const chain = { TEMPO_NETWORK: "local", TEMPO_RPC_URL: one.info.rpc }
  other = await startTestStack({ REALM: "other-compute", TEMPO_CURRENCIES: "AlphaUSD,pathUSD", ...chain })
})
afterAll(async () => {
  await other?.stop()
  await one?.stop()
})

const directions = {
  "the first gateway at the second": () => [one, other],
  "the second gateway at the first": () => [other, one]
}
for (const [direction, gateways] of Object.entries(directions)) {
  it(`refuses a payment for ${direction}, and accepts it in its own realm`, async () => {
    const [seller, stranger] = gateways() as [Stack, Stack]
    assert.strictEqual(seller.info.recipient, stranger.info.recipient)
    const wallet = walletOn(seller)
    const body = fresh("plain-js")
    const quote = await postTo(seller)(body)
    const authorization = await wallet.credential(quote)
    const before = await wallet.balance(seller.info.recipient)

    const refused = await postTo(stranger)(body, { authorization })
    const answer = (await refused.json()) as Record<string, unknown>
    assert.deepStrictEqual(
      [refused.status, answer["type"], answer["charged"]],
      [402, "https://paymentauth.org/problems/invalid-challenge", false]
    )
    assert.notStrictEqual(Challenge.fromResponse(refused).realm, Challenge.fromResponse(quote).realm)
    assert.strictEqual(await wallet.balance(seller.info.recipient), before)

    const bought = await postTo(seller)(body, { authorization })
    assert.strictEqual(bought.status, 200)
    assert.strictEqual(await wallet.balance(seller.info.recipient), before + 100_000n)
  })
}

testTokens(
  () => one,
  () => other
)
testAtOnce(() => one)
