import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Challenge, PaymentRequest } from "mppx"
import { concat, type Hex, toRlp } from "viem"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import { generatePrivateKey } from "viem/accounts"
import { Account, P256 } from "viem/tempo"
import { PaymentService, type Terms } from "../../../../src/payment/PaymentService.ts"
import { answer, change, resign, type Signer } from "./client.ts"
import { merchant, tempo, terms } from "./setup.ts"

const payer = Account.fromSecp256k1(generatePrivateKey())
const other = Account.fromSecp256k1(generatePrivateKey())

/** A credential of mppx's own client, for a challenge of a server with these settings. */
const credentialFor = Effect.fn(function* (
  offered: Terms,
  options: { settings?: Record<string, string>; account?: Signer; key?: string } = {}
) {
  const payments = yield* PaymentService.pipe(Effect.provide(tempo(options.settings)))
  const challenge = yield* payments.challenge(offered, options.key ?? "key_1")
  return yield* Effect.promise(() => answer(challenge, options.account ?? payer))
})

interface Row {
  readonly credential: Effect.Effect<string>
  readonly problem: string
  /** Whether the rejection says which key the challenge was for: only where the challenge is ours. */
  readonly key?: string
  readonly says: RegExp
}

const edited = (edit: Parameters<typeof change>[1]) => Effect.map(credentialFor(terms), (it) => change(it, edit))
const signedAgain = (edit: Parameters<typeof resign>[2], account: Signer = payer) =>
  Effect.flatMap(credentialFor(terms), (it) => Effect.promise(() => resign(it, account, edit)))
/** The stock credential, its challenge changed and its HMAC made anew with our own secret. */
const reissued = (changes: object) =>
  edited(({ challenge }) => ({
    challenge: Challenge.from({ ...challenge, ...changes, secretKey: merchant.MPP_SECRET_KEY } as never)
  }))

interface Call {
  readonly to: Hex
  readonly data: Hex
}

const word = (value: string) => value.padStart(64, "0")
/** The words of `transferWithMemo(address to, uint256 amount, bytes32 memo)`, some of them replaced. */
const transfer = ({ to, data }: Call, words: { to?: string; amount?: string; memo?: string } = {}): Call => ({
  to,
  data: `${data.slice(0, 10)}${words.to ?? data.slice(10, 74)}${words.amount ?? data.slice(74, 138)}${words.memo ?? data.slice(138)}` as Hex
})
const approve: Call = { to: "0x20c0000000000000000000000000000000000001", data: "0x095ea7b3" }
const swap: Call = { to: "0xdec0000000000000000000000000000000000000", data: "0xf0122b75" }

const wrongCalls: Record<string, (payment: Call) => ReadonlyArray<Call>> = {
  "pays less than the price": (payment) => [transfer(payment, { amount: word("1") })],
  "pays more than the price": (payment) => [transfer(payment, { amount: word("186a1") })],
  "pays somebody else": (payment) => [transfer(payment, { to: word(other.address.slice(2).toLowerCase()) })],
  "pays in another currency": (payment) => [{ ...payment, to: approve.to }],
  "pays without a memo": ({ to, data }) => [{ to, data: `0xa9059cbb${data.slice(10, 138)}` }],
  "pays with a memo of its own": (payment) => [transfer(payment, { memo: "11".repeat(32) })],
  "pays with a memo that is too long": (payment) => [transfer(payment, { memo: `${payment.data.slice(138)}00` })],
  "names the challenge and another realm in its memo": (payment) => [
    transfer(payment, { memo: `${payment.data.slice(138, 148)}${"0".repeat(20)}${payment.data.slice(168)}` })
  ],
  "does something after paying": (payment) => [payment, approve],
  "does something before paying": (payment) => [approve, payment],
  "pays twice": (payment) => [payment, payment],
  "does nothing": () => [{ to: approve.to, data: "0x" }]
}

const table: Record<string, Row> = {
  "is no base64url": {
    credential: Effect.succeed("Payment !!!"),
    problem: "malformed-credential",
    says: /cannot be read/
  },
  "is empty": { credential: Effect.succeed("Payment"), problem: "malformed-credential", says: /cannot be read/ },
  "is no JSON": { credential: Effect.succeed("Payment e30x"), problem: "malformed-credential", says: /cannot be read/ },
  "has no challenge": {
    credential: Effect.succeed(`Payment ${btoa('{"payload":{}}')}`),
    problem: "malformed-credential",
    says: /cannot be read/
  },
  "nests too deeply": {
    credential: Effect.sync(() => deeplyNested),
    problem: "malformed-credential",
    says: /cannot be read/
  },
  "has a payload that is none": {
    credential: edited(() => ({ payload: { type: "transaction" } })),
    problem: "malformed-credential",
    key: "key_1",
    says: /payload/
  },
  "is for another method": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, method: "stripe" } })),
    problem: "method-unsupported",
    says: /tempo/
  },
  "is for another intent": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, intent: "session" } })),
    problem: "method-unsupported",
    says: /charge/
  },
  "has a changed id": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, id: `x${challenge.id.slice(1)}` } })),
    problem: "invalid-challenge",
    says: /did not issue the challenge/
  },
  "has a changed price": {
    credential: edited(({ challenge }) => ({
      challenge: { ...challenge, request: { ...challenge.request, amount: "1" } }
    })),
    problem: "invalid-challenge",
    says: /did not issue the challenge/
  },
  "has a changed expiry": {
    credential: edited(({ challenge }) => ({ challenge: { ...challenge, expires: "2099-01-01T00:00:00.000Z" } })),
    problem: "invalid-challenge",
    says: /did not issue the challenge/
  },
  "has a changed binding": {
    credential: edited(({ challenge }) => ({
      challenge: { ...challenge, opaque: PaymentRequest.serialize({ key: "key_2" }) }
    })),
    problem: "invalid-challenge",
    says: /did not issue the challenge/
  },
  "was issued with another secret": {
    credential: credentialFor(terms, { settings: { MPP_SECRET_KEY: "another secret of more than 32 characters" } }),
    problem: "invalid-challenge",
    says: /did not issue the challenge/
  },
  "was issued in another realm with the same secret": {
    credential: credentialFor(terms, { settings: { REALM: "another.test" } }),
    problem: "invalid-challenge",
    key: "key_1",
    says: /issued for another realm/
  },
  "was issued with the same secret by something else": {
    credential: reissued({ opaque: PaymentRequest.serialize({ scope: "/" }) }),
    problem: "invalid-challenge",
    says: /not for this operation/
  },
  "is for another operation": {
    credential: credentialFor({ ...terms, operation: "execute" }),
    problem: "invalid-challenge",
    key: "key_1",
    says: /another operation/
  },
  "is for another body": {
    credential: credentialFor({ ...terms, bodyDigest: "f0".repeat(32) }),
    problem: "invalid-challenge",
    key: "key_1",
    says: /another body/
  },
  "is for another price": {
    credential: credentialFor({ ...terms, price: "0.01" }),
    problem: "invalid-challenge",
    key: "key_1",
    says: /another price/
  },
  "pays another account": {
    credential: credentialFor(terms, { settings: { TEMPO_RECIPIENT: other.address } }),
    problem: "invalid-challenge",
    key: "key_1",
    says: /recipient/
  },
  "was paid in push mode": {
    credential: edited(() => ({ payload: { type: "hash", hash: `0x${"1".repeat(64)}` } })),
    problem: "verification-failed",
    key: "key_1",
    says: /pull mode/
  },
  "is a proof and no payment": {
    credential: edited(() => ({ payload: { type: "proof", signature: "0x12" } })),
    problem: "verification-failed",
    key: "key_1",
    says: /pull mode/
  },
  "has bytes that are no transaction": {
    credential: edited(() => ({ payload: { type: "transaction", signature: "0x76c0ffee" } })),
    problem: "verification-failed",
    key: "key_1",
    says: /cannot be read/
  },
  "waits for a fee payer": {
    credential: signedAgain(() => ({ feePayer: true })),
    problem: "verification-failed",
    key: "key_1",
    says: /fee payer/
  },
  "names somebody else as its sender, in the fee payer's place": {
    credential: edited(({ payload }) => {
      const transaction = TxEnvelopeTempo.deserialize(payload.signature as TxEnvelopeTempo.Serialized)
      const signature = TxEnvelopeTempo.serialize(transaction, { format: "feePayer", sender: other.address })
      return { payload: { ...payload, signature: `0x76${signature.slice(4)}` } }
    }),
    problem: "verification-failed",
    key: "key_1",
    says: /fee payer/
  },
  "is signed for another chain": {
    credential: signedAgain(() => ({ chainId: 4217 })),
    problem: "verification-failed",
    key: "key_1",
    says: /Sign it for chain 1337/
  },
  "carries the payment for another challenge": {
    credential: Effect.gen(function* () {
      const stolen = yield* credentialFor(terms)
      const fresh = yield* credentialFor(terms, { account: other })
      return change(fresh, () => ({ payload: takePayload(stolen) }))
    }),
    problem: "verification-failed",
    key: "key_1",
    says: /names the challenge/
  },
  ...Object.fromEntries(
    Object.entries(wrongCalls).map(([name, calls]) => [
      name,
      {
        credential: signedAgain((transaction) => ({ calls: calls(transaction.calls[0] as Call) })),
        problem: "verification-failed",
        key: "key_1",
        says: /does not pay this challenge/
      }
    ])
  ),
  "has a signature that does not hold": {
    credential: Effect.gen(function* () {
      const account = Account.fromP256(P256.randomPrivateKey())
      const credential = yield* credentialFor(terms, { account })
      return change(credential, ({ payload }) => ({
        // The signature's r, of 64 digits, somewhere before the public key: any other number will do.
        payload: { ...payload, signature: flipDigit(payload.signature, payload.signature.length - 200) }
      }))
    }),
    problem: "verification-failed",
    key: "key_1",
    says: /Invalid signature|cannot be read/
  }
}

/** A credential whose request, by itself well-formed, is too deep for any serializer that recurses. */
const deeplyNested = (() => {
  const request = btoa(`{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`)
  const challenge = { id: "x", realm: "compute.test", method: "tempo", intent: "charge", request }
  return `Payment ${btoa(JSON.stringify({ challenge, payload: {} }))}`
})()

const takePayload = (credential: string) => {
  let taken: unknown
  change(credential, ({ payload }) => ((taken = payload), {}))
  return taken
}

const flipDigit = (hex: string, at: number) => `${hex.slice(0, at)}${hex[at] === "0" ? "1" : "0"}${hex.slice(at + 1)}`

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
        assert.match(error.detail, row.says)
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

describe("the payer is who signed", () => {
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

  it.live("whatever the credential's source claims", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const forged = yield* edited(() => ({ source: `did:pkh:eip155:1337:${other.address}` }))
      const verified = yield* payments.verify(forged, terms)
      assert.strictEqual(verified.payer, payer.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )

  it.live("and whoever signs somebody else's payment anew is its payer", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const verified = yield* payments.verify(yield* signedAgain(() => ({}), other), terms)
      assert.strictEqual(verified.payer, other.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )
})

describe("verify", () => {
  it.live("answers whatever it is given, and never with another key or challenge", () =>
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

  it.live("answers a transaction that holds lists in the place of bytes", () =>
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

describe("verify takes a payment", () => {
  it.live("that swaps into the currency first, as stock clients can", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const credential = yield* signedAgain(({ calls }) => ({ calls: [approve, swap, ...calls] }))
      assert.strictEqual((yield* payments.verify(credential, terms)).payer, payer.address.toLowerCase())
    }).pipe(Effect.provide(tempo()))
  )

  it.live("whose challenge a client of another name has put into the memo", () =>
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
