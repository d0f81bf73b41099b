import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Credential } from "mppx"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import type { Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, P256 } from "viem/tempo"
import { PaymentService } from "../../../../src/payment/PaymentService.ts"
import { canonical } from "../../../../src/payment/tempo/read-payment.ts"
import { answer, resign } from "./client.ts"
import { merchant, tempo, terms } from "./setup.ts"

const root = Account.fromSecp256k1(generatePrivateKey())
const key = Account.fromP256(P256.randomPrivateKey(), { access: root })
const token = "0x20c0000000000000000000000000000000000000"
const limits = [{ token, limit: 5_000_000n }] as const
const scopes = [{ address: token }] as const

/** Limits of an access key. Each is encoded with other fields left out. */
const authorizations: Record<string, object> = {
  everything: {},
  "some time": { expiry: 2_000_000_000 },
  "some money": { limits },
  "no money": { limits: [] },
  "some calls": { scopes },
  "some calls and some money": { limits, scopes },
  "some calls for some time": { expiry: 2_000_000_000, scopes }
}

// A library that writes such a transaction differently than it read it would find another payer, and send an unsigned payment.
describe("a payment with an access key's authorization for", () => {
  for (const [name, allowed] of Object.entries(authorizations)) {
    for (const [signer, account, payer] of [
      ["its account", root, root.address],
      ["the key", key, key.accessKeyAddress]
    ] as const) {
      it.live(`${name} keeps its signer and its bytes when ${signer} signs it`, () =>
        Effect.gen(function* () {
          const payments = yield* PaymentService
          const challenge = yield* payments.challenge(terms, "key_1")
          const credential = yield* Effect.promise(async () => {
            const keyAuthorization = await root.signKeyAuthorization(key, { chainId: 1337n, ...allowed })
            return resign(await answer(challenge, root), account, () => ({ keyAuthorization }))
          })
          assert.strictEqual((yield* payments.verify(credential, terms)).payer, payer.toLowerCase())
          const { payload } = Credential.deserialize<{ signature: Hex }>(credential)
          const transaction = TxEnvelopeTempo.deserialize(payload.signature as TxEnvelopeTempo.Serialized)
          assert.strictEqual(transaction.from?.toLowerCase(), root.address.toLowerCase())
          assert.strictEqual(canonical({ transaction }), payload.signature)
        }).pipe(Effect.provide(tempo(merchant)))
      )
    }
  }
})
