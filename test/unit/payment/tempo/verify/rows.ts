import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Challenge, PaymentRequest } from "mppx"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import { generatePrivateKey } from "viem/accounts"
import { Account, P256 } from "viem/tempo"
import { PaymentService, type Terms } from "../../../../../src/payment/PaymentService.ts"
import { answer, change, resign, type Signer } from "../client.ts"
import { merchant, tempo, terms } from "../setup.ts"
import { type Call, other, wrongCalls } from "./calls.ts"

export const payer = Account.fromSecp256k1(generatePrivateKey())

/** The server that a table of credentials is for, and the challenge of each header that they answer. */
export const Offer = Context.Reference<{ readonly settings: Record<string, string>; readonly at: number }>("Offer", {
  defaultValue: () => ({ settings: {}, at: 0 })
})

/** Makes a credential of mppx's own client, for a challenge of a server with these settings. */
export const credentialFor = Effect.fn(function* (
  offered: Terms,
  options: { settings?: Record<string, string>; account?: Signer; key?: string; at?: number } = {}
) {
  const { settings, at } = yield* Offer
  const payments = yield* PaymentService.pipe(Effect.provide(tempo({ ...settings, ...options.settings })))
  const challenge = yield* payments.challenge(offered, options.key ?? "key_1")
  return yield* Effect.promise(() => answer(challenge, options.account ?? payer, options.at ?? at))
})

export interface Row {
  readonly credential: Effect.Effect<string>
  readonly problem: string
  /** Whether the rejection names the challenge's key, which it does only for the gateway's own challenges. */
  readonly key?: string
  readonly text: RegExp
}

export const edited = (edit: Parameters<typeof change>[1]) => Effect.map(credentialFor(terms), (it) => change(it, edit))
export const signedAgain = (edit: Parameters<typeof resign>[2], account: Signer = payer) =>
  Effect.flatMap(credentialFor(terms), (it) => Effect.promise(() => resign(it, account, edit)))
/** Changes the challenge of the stock credential, and renews its HMAC with the gateway's own secret. */
export const reissued = (changes: object) =>
  edited(({ challenge }) => ({
    challenge: Challenge.from({ ...challenge, ...changes, secretKey: merchant.MPP_SECRET_KEY } as never)
  }))

export const table: Record<string, Row> = {
  "is no base64url": {
    credential: Effect.succeed("Payment !!!"),
    problem: "malformed-credential",
    text: /cannot be read/
  },
  "is empty": { credential: Effect.succeed("Payment"), problem: "malformed-credential", text: /cannot be read/ },
  "is no JSON": { credential: Effect.succeed("Payment e30x"), problem: "malformed-credential", text: /cannot be read/ },
  "has no challenge": {
    credential: Effect.succeed(`Payment ${btoa('{"payload":{}}')}`),
    problem: "malformed-credential",
    text: /cannot be read/
  },
  "nests too deeply": {
    credential: Effect.sync(() => deeplyNested),
    problem: "malformed-credential",
    text: /cannot be read/
  },
  "has a payload that is none": {
    credential: edited(() => ({ payload: { type: "transaction" } })),
    problem: "malformed-credential",
    key: "key_1",
    text: /payload/
  },
  "is for another method": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, method: "stripe" } })),
    problem: "method-unsupported",
    text: /tempo/
  },
  "is for another intent": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, intent: "session" } })),
    problem: "method-unsupported",
    text: /charge/
  },
  "has a changed id": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, id: `${challenge.id.slice(1)}x` } })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "has a changed price": {
    credential: edited(({ challenge }) => ({
      challenge: { ...challenge, request: { ...challenge.request, amount: "1" } }
    })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "has a changed expiry": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, expires: "2099-01-01T00:00:00.000Z" } })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "has a changed binding": {
    credential: edited(({ challenge }) => ({
      challenge: { ...challenge, opaque: PaymentRequest.serialize({ key: "key_2" }) }
    })),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "was issued with another secret": {
    credential: credentialFor(terms, { settings: { MPP_SECRET_KEY: "another secret of more than 32 characters" } }),
    problem: "invalid-challenge",
    text: /did not issue the challenge/
  },
  "was issued in another realm with the same secret": {
    credential: credentialFor(terms, { settings: { REALM: "another.test" } }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /issued for another realm/
  },
  "was issued with the same secret by something else": {
    credential: reissued({ opaque: PaymentRequest.serialize({ scope: "/" }) }),
    problem: "invalid-challenge",
    text: /not for this operation/
  },
  "is for another operation": {
    credential: credentialFor({ ...terms, operation: "execute" }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /another operation/
  },
  "is for another body": {
    credential: credentialFor({ ...terms, bodyDigest: "f0".repeat(32) }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /another body/
  },
  "is for another price": {
    credential: credentialFor({ ...terms, price: "0.01" }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /another price/
  },
  "pays another account": {
    credential: credentialFor(terms, { settings: { TEMPO_RECIPIENT: other.address } }),
    problem: "invalid-challenge",
    key: "key_1",
    text: /recipient/
  },
  "was paid in push mode": {
    credential: edited(() => ({ payload: { type: "hash", hash: `0x${"1".repeat(64)}` } })),
    problem: "verification-failed",
    key: "key_1",
    text: /pull mode/
  },
  "is a proof and no payment": {
    credential: edited(() => ({ payload: { type: "proof", signature: "0x12" } })),
    problem: "verification-failed",
    key: "key_1",
    text: /pull mode/
  },
  "has bytes that are no transaction": {
    credential: edited(() => ({ payload: { type: "transaction", signature: "0x76c0ffee" } })),
    problem: "verification-failed",
    key: "key_1",
    text: /cannot be read/
  },
  "waits for a fee payer": {
    credential: signedAgain(() => ({ feePayer: true })),
    problem: "verification-failed",
    key: "key_1",
    text: /fee payer/
  },
  "names somebody else as its sender, in the fee payer's place": {
    credential: edited(({ payload }) => {
      const transaction = TxEnvelopeTempo.deserialize(payload.signature as TxEnvelopeTempo.Serialized)
      const signature = TxEnvelopeTempo.serialize(transaction, { format: "feePayer", sender: other.address })
      return { payload: { ...payload, signature: `0x76${signature.slice(4)}` } }
    }),
    problem: "verification-failed",
    key: "key_1",
    text: /fee payer/
  },
  "is signed for another chain": {
    credential: signedAgain(() => ({ chainId: 4217 })),
    problem: "verification-failed",
    key: "key_1",
    text: /Sign it for chain 1337/
  },
  "carries the payment for another challenge": {
    credential: Effect.gen(function* () {
      const stolen = yield* credentialFor(terms)
      const fresh = yield* credentialFor(terms, { account: other })
      return change(fresh, () => ({ payload: takePayload(stolen) }))
    }),
    problem: "verification-failed",
    key: "key_1",
    text: /names the challenge/
  },
  ...Object.fromEntries(
    Object.entries(wrongCalls).map(([name, calls]) => [
      name,
      {
        credential: signedAgain((transaction) => ({ calls: calls(transaction.calls[0] as Call) })),
        problem: "verification-failed",
        key: "key_1",
        text: /does not pay this challenge/
      }
    ])
  ),
  "has a signature that does not hold": {
    credential: Effect.gen(function* () {
      const account = Account.fromP256(P256.randomPrivateKey())
      const credential = yield* credentialFor(terms, { account })
      return change(credential, ({ payload }) => ({
        // The signature's r has 64 digits, somewhere before the public key. Any other number works.
        payload: { ...payload, signature: flipDigit(payload.signature, payload.signature.length - 200) }
      }))
    }),
    problem: "verification-failed",
    key: "key_1",
    text: /Invalid signature|cannot be read/
  }
}

/** A credential whose request is well-formed, and too deep for every serializer that recurses. */
export const deeplyNested = (() => {
  const request = btoa(`{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`)
  const challenge = { id: "x", realm: "compute.test", method: "tempo", intent: "charge", request }
  return `Payment ${btoa(JSON.stringify({ challenge, payload: {} }))}`
})()

export const takePayload = (credential: string) => {
  let taken: unknown
  change(credential, ({ payload }) => ((taken = payload), {}))
  return taken
}

export const flipDigit = (hex: string, at: number) =>
  `${hex.slice(0, at)}${hex[at] === "0" ? "1" : "0"}${hex.slice(at + 1)}`
