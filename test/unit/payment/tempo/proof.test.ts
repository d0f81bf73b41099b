import { assert, describe, it } from "@effect/vitest"
import { Credential } from "mppx"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { privateKeyToAccount } from "viem/accounts"
import { Account } from "viem/tempo"
import { PaymentService, type Terms } from "../../../../src/payment/PaymentService.ts"
import { answer, change } from "./client.ts"
import { tempo, terms as deploy } from "./setup.ts"

const payer = privateKeyToAccount(`0x${"7c".repeat(32)}`)
const other = privateKeyToAccount(`0x${"7d".repeat(32)}`)
const terms: Terms = { ...deploy, operation: "update:dep_x", price: "0" }

const payloadOf = (credential: string) => Credential.deserialize(credential).payload

/** Answers the challenge for these terms with a stock client. */
const proofOf = Effect.fnUntraced(function* (account = payer, of = terms) {
  // The client has a clock of its own.
  yield* TestClock.setTime(Date.now())
  const payments = yield* PaymentService
  const challenge = yield* payments.challenge(of, "key_a")
  return yield* Effect.promise(() => answer(challenge, account))
})

const prove = (credential: string, of = terms, key?: string) =>
  Effect.flatMap(PaymentService, (payments) => payments.prove(credential, of, key))

describe("a proof", () => {
  it.effect("by the stock client names its signer", () =>
    Effect.gen(function* () {
      const { payer: who, key } = yield* prove(yield* proofOf(), terms, "key_a")
      assert.deepStrictEqual([who, key], [payer.address.toLowerCase(), "key_a"])
    }).pipe(Effect.provide(tempo()))
  )

  it.effect("names the same payer as a payment, for every kind of key", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const root = Account.fromSecp256k1(`0x${"7e".repeat(32)}`)
      const accounts = [
        root,
        Account.fromP256(`0x${"11".repeat(32)}`),
        Account.fromSecp256k1(`0x${"12".repeat(32)}`, { access: root }),
        Account.fromP256(`0x${"13".repeat(32)}`, { access: root })
      ]
      for (const account of accounts) {
        const proved = yield* prove(yield* proofOf(account as never))
        const paid = yield* proofOf(account as never, deploy)
        assert.strictEqual(proved.payer, (yield* payments.verify(paid, deploy)).payer)
      }
    }).pipe(Effect.provide(tempo()))
  )

  const wrong: Record<string, (credential: string) => Effect.Effect<string, never, PaymentService>> = {
    "says that it is from somebody else": (credential) =>
      Effect.succeed(change(credential, () => ({ source: `did:pkh:eip155:1337:${other.address}` }))),
    "does not say who it is from": (credential) => Effect.succeed(change(credential, () => ({ source: undefined }))),
    "is for another chain": (credential) =>
      Effect.succeed(change(credential, () => ({ source: `did:pkh:eip155:1:${payer.address}` }))),
    "has a signature that is none": (credential) =>
      Effect.succeed(change(credential, () => ({ payload: { type: "proof", signature: "0x12" } }))),
    "is for another challenge": (credential) =>
      Effect.map(Effect.orDie(proofOf()), (fresh) => change(credential, () => ({ payload: payloadOf(fresh) }))),
    "is a payment": (credential) =>
      Effect.map(Effect.orDie(proofOf(payer, deploy)), (paid) =>
        change(credential, () => ({ payload: payloadOf(paid) }))
      )
  }
  for (const [what, edit] of Object.entries(wrong)) {
    it.effect(`is refused when it ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(prove(yield* edit(yield* proofOf())))
        assert.deepStrictEqual([error.problem, error.key], ["verification-failed", "key_a"])
      }).pipe(Effect.provide(tempo()))
    )
  }

  it.effect("is refused for other terms, and for another key", () =>
    Effect.gen(function* () {
      const credential = yield* proofOf()
      for (const change of [{ operation: "update:dep_y" }, { bodyDigest: "00" }, { price: "0.10" }]) {
        assert.strictEqual(
          (yield* Effect.flip(prove(credential, { ...terms, ...change }))).problem,
          "invalid-challenge"
        )
      }
      assert.strictEqual((yield* Effect.flip(prove(credential, terms, "key_b"))).problem, "invalid-challenge")
    }).pipe(Effect.provide(tempo()))
  )

  it.effect("is refused once its challenge has expired", () =>
    Effect.gen(function* () {
      const credential = yield* proofOf()
      yield* TestClock.adjust("301 seconds")
      assert.strictEqual((yield* Effect.flip(prove(credential))).problem, "payment-expired")
    }).pipe(Effect.provide(tempo()))
  )

  it.effect("pays for nothing", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const credential = yield* proofOf()
      const error = yield* Effect.flip(payments.verify(credential, terms))
      assert.strictEqual(error.problem, "verification-failed")
    }).pipe(Effect.provide(tempo()))
  )
})
