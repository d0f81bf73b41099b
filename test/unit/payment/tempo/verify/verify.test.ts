import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { concat, type Hex, toRlp } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, P256 } from "viem/tempo"
import { PaymentService } from "../../../../../src/payment/PaymentService.ts"
import { type Signer } from "../client.ts"
import { merchant, tempo, terms } from "../setup.ts"
import { payer, other, credentialFor, edited, signedAgain, transfer, approve, swap, table, type Call } from "./rows.ts"

describe("verify rejects a credential that", () => {
  for (const [name, row] of Object.entries(table)) {
    it.live(name, () =>
      Effect.gen(function* () {
        const payments = yield* PaymentService
        const credential = yield* row.credential
        const error = yield* Effect.flip(payments.verify(credential, terms))
        assert.strictEqual(error._tag, "PaymentRejected")
        assert.strictEqual(error.problem, row.problem)
        assert.strictEqual(error.key, row.key)
        assert.match(error.detail, row.text)
        if (credential.length > 100) assert.notInclude(JSON.stringify(error), credential.slice(-24))
      }).pipe(Effect.provide(tempo()))
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
