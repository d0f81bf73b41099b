import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { encodeFunctionResult, type Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Abis, Account } from "viem/tempo"
import { PATH_USD } from "../../../../../src/domain/currencies.ts"
import { makeAuthorize } from "../../../../../src/payment/tempo/authorize.ts"
import type { Network } from "../../../../../src/payment/tempo/chain/networks.ts"
import { makeChallenges } from "../../../../../src/payment/tempo/challenges.ts"
import { answer } from "../client.ts"
import { type Answers, chainOf, other } from "../rpc-answers.ts"
import { merchant, terms } from "../setup.ts"

const config = {
  secretKey: merchant.MPP_SECRET_KEY,
  realm: merchant.REALM,
  currencies: [
    { name: "pathUSD", address: PATH_USD },
    { name: "AlphaUSD", address: other }
  ],
  recipient: merchant.TEMPO_RECIPIENT,
  chainId: 1337,
  untaken: new Set<string>()
}
const root = Account.fromSecp256k1(generatePrivateKey())
const access = Account.fromSecp256k1(generatePrivateKey(), { access: root })
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`

/** Asks for the authorization of a payment that an access key has signed, and returns the error and the questions. */
const refused = Effect.fnUntraced(function* (answers: Answers) {
  const { asked, network } = chainOf({ decimals: word(6n), userTokens: word(0n), balanceOf: word(0n), ...answers })
  const chain = {
    ...network,
    simulate: () => Promise.resolve(),
    nextNonce: () => Promise.resolve(0n),
    receipt: () => Promise.resolve(undefined)
  } as unknown as Network
  const { issueChallenge, checkChallenge } = makeChallenges(config)
  const expires = new Date(Math.floor(Date.now() / 1000) * 1000 + 300_000).toISOString()
  const header = issueChallenge(terms, { key: "a key", nonce: "a nonce" }, expires)
  const credential = yield* Effect.promise(() => answer(header, access))
  const verified = { payer: access.accessKeyAddress.toLowerCase(), key: "a key", challengeId: "an id", credential }
  const error = yield* Effect.flip(makeAuthorize(config, checkChallenge, chain)(verified, terms))
  return { error, asked }
})

const getKey = (keyId: Hex): Hex =>
  encodeFunctionResult({
    abi: Abis.accountKeychain,
    functionName: "getKey",
    result: { signatureType: 0, keyId, expiry: 2n ** 64n - 1n, enforceLimits: false, isRevoked: false }
  } as never)
const getAllowedCalls = encodeFunctionResult({
  abi: Abis.accountKeychain,
  functionName: "getAllowedCalls",
  result: [false, []]
} as never)

describe("a payment that an access key has signed", () => {
  it.live("is not tried in other tokens if the account does not know the key", () =>
    Effect.gen(function* () {
      const { error, asked } = yield* refused({ getKey: getKey(word(0n).slice(0, 42) as Hex), getAllowedCalls })
      assert.match(error.message, /does not know this access key/)
      assert.strictEqual(asked.filter((name) => name === "getKey").length, 1)
    })
  )

  it.live("is tried in other tokens if the account lacks the money", () =>
    Effect.gen(function* () {
      const { error, asked } = yield* refused({ getKey: getKey(access.accessKeyAddress), getAllowedCalls })
      assert.match(error.message, /Insufficient balance/)
      assert.strictEqual(asked.filter((name) => name === "getKey").length, 2)
    })
  )
})
