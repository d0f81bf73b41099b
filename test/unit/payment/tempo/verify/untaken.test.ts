import { assert, describe, it } from "@effect/vitest"
import { Challenge } from "mppx"
import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account } from "viem/tempo"
import { PATH_USD } from "../../../../../src/domain/currencies.ts"
import { makeAuthorize } from "../../../../../src/payment/tempo/authorize.ts"
import type { Network } from "../../../../../src/payment/tempo/chain/networks.ts"
import { makeChallenges } from "../../../../../src/payment/tempo/challenges.ts"
import { answer } from "../client.ts"
import { chainOf, other } from "../rpc-answers.ts"
import { merchant, terms } from "../setup.ts"

const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`
const payer = Account.fromSecp256k1(generatePrivateKey())

/** A gateway that offers two tokens, the first of which has these decimals. */
const gatewayOf = (decimals: Hex) => {
  const { asked, network } = chainOf({ userTokens: word(0n), balanceOf: word(10n ** 9n) })
  const chain = {
    ...network,
    view: (to: Hex, data: Hex) =>
      data.startsWith("0x313ce567")
        ? (asked.push(`decimals of ${to}`), Promise.resolve(to === PATH_USD ? decimals : word(6n)))
        : network.view(to, data),
    simulate: () => Promise.resolve(),
    nextNonce: () => Promise.resolve(0n),
    receipt: () => Promise.resolve(undefined)
  } as unknown as Network
  const untaken = new Set<string>()
  const config = {
    secretKey: merchant.MPP_SECRET_KEY,
    realm: merchant.REALM,
    currencies: [
      { name: "pathUSD", address: PATH_USD },
      { name: "AlphaUSD", address: other }
    ],
    recipient: merchant.TEMPO_RECIPIENT,
    chainId: 1337,
    untaken
  }
  const { issueChallenge, checkChallenge } = makeChallenges(config)
  const quote = (price = terms.price) => {
    const expires = new Date(Math.floor(Date.now() / 1000) * 1000 + 300_000).toISOString()
    return issueChallenge({ ...terms, price }, { key: "a key", nonce: "a nonce" }, expires)
  }
  const offered = (price?: string) =>
    Challenge.deserializeList(quote(price)).map(({ request }) => String(request["currency"]))
  /** Pays the first challenge of a quote, and returns the error. */
  const refused = Effect.fnUntraced(function* (header = quote()) {
    const credential = yield* Effect.promise(() => answer(header, payer))
    const verified = { payer: payer.address.toLowerCase(), key: "a key", challengeId: "an id", credential }
    return yield* Effect.flip(makeAuthorize(config, checkChallenge, chain)(verified, terms))
  })
  return { asked, untaken, quote, offered, refused }
}

describe("a token of the settings that has 18 decimals", () => {
  it.live("is refused by the first payment, which names another, and is offered no more", () =>
    Effect.gen(function* () {
      const gateway = gatewayOf(word(18n))
      assert.deepStrictEqual(gateway.offered(), [PATH_USD, other])
      const early = gateway.quote()
      const error = yield* gateway.refused(early)
      assert.strictEqual(error._tag, "PaymentRejected")
      assert.match(error.message, /cannot take pathUSD.*6 decimals.*Nothing was charged.*AlphaUSD/)
      assert.deepInclude(error, { untaken: PATH_USD, payable: [other] })
      assert.deepStrictEqual(gateway.offered(), [other])
      // A challenge of before is refused with the same words, and the chain is not asked again.
      const asked = gateway.asked.filter((question) => question === `decimals of ${PATH_USD}`).length
      assert.match((yield* gateway.refused(early)).message, /cannot take pathUSD/)
      assert.strictEqual(gateway.asked.filter((question) => question === `decimals of ${PATH_USD}`).length, asked)
      // A proof moves no token.
      assert.deepStrictEqual(gateway.offered("0"), [PATH_USD])
    })
  )

  it.live("stays offered if the chain has not said so clearly, and if there is no other", () =>
    Effect.gen(function* () {
      const silent = gatewayOf("0x")
      assert.match((yield* silent.refused()).message, /cannot take pathUSD/)
      assert.deepStrictEqual(silent.offered(), [PATH_USD, other])
      const { untaken, offered } = gatewayOf(word(18n))
      for (const token of [PATH_USD, other]) untaken.add(token)
      assert.deepStrictEqual(offered(), [PATH_USD, other])
    })
  )
})
