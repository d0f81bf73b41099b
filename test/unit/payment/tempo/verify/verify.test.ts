import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Challenge } from "mppx"
import { concat, type Hex, toRlp } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, P256 } from "viem/tempo"
import { PaymentService } from "../../../../../src/payment/PaymentService.ts"
import { answer, type Signer } from "../client.ts"
import { merchant, tempo, terms, twoTokens } from "../setup.ts"
import { approve, type Call, other, swap, transfer } from "./calls.ts"
import { credentialFor, edited, Offer, payer, signedAgain, table } from "./rows.ts"
import { digestTable, mixedTable } from "./token-rows.ts"

/** The gateways that the tables are for: with one token, and with two, of which the client pays either. */
const offers: Record<string, readonly [offer: typeof Offer.Service, rows: typeof table]> = {
  "": [
    { settings: {}, at: 0 },
    { ...table, ...digestTable }
  ],
  ", answering the first of two challenges": [
    { settings: twoTokens, at: 0 },
    { ...table, ...digestTable, ...mixedTable }
  ],
  ", answering the second of two challenges": [
    { settings: twoTokens, at: 1 },
    { ...table, ...digestTable, ...mixedTable }
  ]
}

describe("verify rejects a credential that", () => {
  for (const [how, [offer, rows]] of Object.entries(offers))
    for (const [name, row] of Object.entries(rows)) {
      it.live(name + how, () =>
        Effect.gen(function* () {
          const payments = yield* PaymentService
          const credential = yield* row.credential
          const error = yield* Effect.flip(payments.verify(credential, terms))
          assert.strictEqual(error._tag, "PaymentRejected")
          assert.strictEqual(error.problem, row.problem)
          assert.strictEqual(error.key, row.key)
          assert.match(error.detail, row.text)
          if (credential.length > 100) assert.notInclude(JSON.stringify(error), credential.slice(-24))
        }).pipe(Effect.provide(tempo(offer.settings)), Effect.provideService(Offer, offer))
      )
    }
})

const key = P256.randomPrivateKey()
const root = Account.fromSecp256k1(generatePrivateKey())
const accessKey = Account.fromSecp256k1(generatePrivateKey(), { access: root })
const accessKeyP256 = Account.fromP256(key, { access: root })
const passkey = Account.fromHeadlessWebAuthn(key, { rpId: "compute.test", origin: "https://compute.test" })
const signers: Record<string, readonly [account: Signer, payer: string]> = {
  "a secp256k1 account": [payer, payer.address],
  "a P256 account": [Account.fromP256(key), Account.fromP256(key).address],
  "a passkey": [passkey, passkey.address],
  "an access key: the key's": [accessKey, accessKey.accessKeyAddress],
  "a P256 access key: the key's": [accessKeyP256, accessKeyP256.accessKeyAddress]
}

describe("verify accepts", () => {
  it.live("either of two challenges, in whatever order they were issued", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      for (const at of [0, 1])
        for (const TEMPO_CURRENCIES of ["pathUSD,AlphaUSD", "AlphaUSD, pathusd"]) {
          const credential = yield* credentialFor(terms, { settings: { TEMPO_CURRENCIES }, at })
          const { key, payer: verified } = yield* payments.verify(credential, terms)
          assert.deepStrictEqual([key, verified], ["key_1", payer.address.toLowerCase()])
        }
    }).pipe(Effect.provide(tempo(twoTokens)))
  )

  // Issued by the release before `digest` and TEMPO_CURRENCIES.
  const earlier =
    'Payment id="D5u_GVBMfUTOy0gOApqUDui4bvxLE6rhPWfbeXSALmI", realm="compute.test", method="tempo", intent="charge", request="eyJhbW91bnQiOiIxMDAwMDAiLCJjdXJyZW5jeSI6IjB4MjBjMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCIsIm1ldGhvZERldGFpbHMiOnsiY2hhaW5JZCI6MTMzNywic3VwcG9ydGVkTW9kZXMiOlsicHVsbCJdfSwicmVjaXBpZW50IjoiMHgzQzQ0Q2REZEI2YTkwMGZhMmI1ODVkZDI5OWUwM2QxMkZBNDI5M0JDIn0", description="Deploy one Worker for 24 hours", expires="2026-11-29T23:39:36.000Z", opaque="eyJib2R5IjoiMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZiIsImtleSI6ImtleV8xIiwibm9uY2UiOiIzMjU1NmIyN2Q0ZWNmNWM2M2IxMmVmMGY3NTFlZjBkOSIsIm9wIjoiZGVwbG95IiwidiI6IjEifQ"'
  it.live("a challenge of the release before, for its own body", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const { id, ...issued } = Challenge.deserialize(earlier)
      const { MPP_SECRET_KEY: secretKey } = merchant
      assert.strictEqual(Challenge.from({ ...issued, secretKey } as never).id, id)
      // The client answers none that has expired.
      const expires = new Date(Date.now() + 300_000).toISOString()
      const later = Challenge.serialize(Challenge.from({ ...issued, expires, secretKey } as never))
      const credential = yield* Effect.promise(() => answer(later, payer))
      assert.strictEqual((yield* payments.verify(credential, terms)).key, "key_1")
      const other = yield* Effect.flip(payments.verify(credential, { ...terms, bodyDigest: "f0".repeat(32) }))
      assert.match(other.message, /another body/)
    }).pipe(Effect.provide(tempo(twoTokens)))
  )
})

describe("the payer is the signer", () => {
  for (const [name, [account, address]] of Object.entries(signers)) {
    it.live(name, () =>
      Effect.gen(function* () {
        const payments = yield* PaymentService
        const credential = yield* credentialFor(terms, { account })
        const verified = yield* payments.verify(credential, terms)
        assert.strictEqual(verified.payer, address.toLowerCase())
        assert.strictEqual(verified.key, "key_1")
      }).pipe(Effect.provide(tempo()))
    )
  }

  it.live("even if the credential's source names another", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const forged = yield* edited(() => ({ source: `did:pkh:eip155:1337:${other.address}` }))
      const verified = yield* payments.verify(forged, terms)
      assert.strictEqual(verified.payer, payer.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )

  it.live("even of another payer's payment that is signed anew", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const verified = yield* payments.verify(yield* signedAgain(() => ({}), other), terms)
      assert.strictEqual(verified.payer, other.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )
})

describe("verify", () => {
  it.live("ends for every input, and never returns another key or challenge", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const credential = yield* credentialFor(terms)
      const json = atob(credential.slice("Payment ".length).replaceAll("-", "+").replaceAll("_", "/"))
      const { challengeId } = yield* payments.verify(credential, terms)
      let seed = 42
      const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
      for (let i = 0; i < 400; i++) {
        const at = random(json.length)
        const edits = [String.fromCharCode(32 + random(95)), "", json.slice(random(json.length), random(json.length))]
        const fuzzed = json.slice(0, at) + edits[random(3)] + json.slice(at + 1 + random(3))
        const outcome = yield* Effect.result(payments.verify(`Payment ${btoa(fuzzed)}`, terms))
        if (outcome._tag === "Failure") assert.strictEqual(outcome.failure._tag, "PaymentRejected")
        else assert.deepStrictEqual([outcome.success.key, outcome.success.challengeId], ["key_1", challengeId])
      }
    }).pipe(Effect.provide(tempo()))
  )

  it.live("rejects a transaction that holds lists in place of bytes", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const call = [merchant.TEMPO_RECIPIENT as Hex, "0x", ["0x01", "0x02"]] as const
      const fields = ["0x0539", "0x", "0x", "0x", [call], [], "0x", "0x", "0x", "0x", "0x", "0x", []] as const
      const signature = concat(["0x76", toRlp([...fields, `0x${"11".repeat(65)}`])])
      const credential = yield* edited(() => ({ payload: { type: "transaction", signature } }))
      const error = yield* Effect.flip(payments.verify(credential, terms))
      assert.strictEqual(error.problem, "verification-failed")
    }).pipe(Effect.provide(tempo()))
  )
})

describe("verify accepts a payment", () => {
  it.live("that swaps into the currency first, as stock clients can", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const credential = yield* signedAgain(({ calls }) => ({ calls: [approve, swap, ...calls] }))
      assert.strictEqual((yield* payments.verify(credential, terms)).payer, payer.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )

  it.live("whose memo names another client", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const credential = yield* signedAgain(({ calls: [call] }) => {
        const memo = (call as Call).data.slice(138)
        return { calls: [transfer(call as Call, { memo: `${memo.slice(0, 30)}${"ab".repeat(10)}${memo.slice(50)}` })] }
      })
      assert.strictEqual((yield* payments.verify(credential, terms)).payer, payer.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )
})
