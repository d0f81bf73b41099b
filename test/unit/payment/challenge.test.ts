import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { BodyDigest, Challenge, PaymentRequest } from "mppx"
import { Mppx, tempo as charges } from "mppx/server"
import { createClient, http } from "viem"
import { tempoLocalnet } from "viem/tempo/chains"
import { PaymentService, type Terms } from "../../../src/payment/PaymentService.ts"
import { merchant, NO_BODY, tempo, terms, twoTokens } from "./tempo/setup.ts"

const metaOf = (header: string) =>
  PaymentRequest.deserialize(Challenge.deserialize(header).opaque ?? "") as Record<string, string>

/** Returns the answer of mppx's own server to an unpaid request, for the same binding and expiry. */
const mppxHeader = async ({ price, description }: Terms, expires: string | undefined, meta: Record<string, string>) => {
  const client = createClient({ chain: tempoLocalnet, transport: http("http://127.0.0.1:1") })
  const mppx = Mppx.create({
    secretKey: merchant.MPP_SECRET_KEY,
    realm: merchant.REALM,
    methods: [
      charges.charge({
        currency: "0x20c0000000000000000000000000000000000000",
        recipient: merchant.TEMPO_RECIPIENT as `0x${string}`,
        supportedModes: ["pull"],
        getClient: () => client
      })
    ]
  })
  const charge = mppx.charge({ amount: price, description, meta, expires })
  const result = await charge(new Request("http://127.0.0.1/deploy", { method: "POST" }))
  return result.status === 402 ? result.challenge.headers.get("www-authenticate") : null
}

describe("a challenge", () => {
  const sold: Record<string, Terms> = {
    "a renewal, which has no body": { ...terms, bodyDigest: NO_BODY },
    "a deletion, which is free": { ...terms, operation: "delete:dep_1", price: "0", bodyDigest: NO_BODY },
    "a description that must be escaped": { ...terms, description: 'ü "quoted" \\ — 🚀', bodyDigest: NO_BODY }
  }
  for (const [what, its] of Object.entries(sold)) {
    it.effect(`equals mppx's byte for byte for ${what}`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse("2026-03-27T21:00:00.789Z"))
        const payments = yield* PaymentService
        // The second challenge fills the template of the first.
        for (const key of ["key_1", "key_2"]) {
          const header = yield* payments.challenge(its, key)
          const { expires } = Challenge.deserialize(header)
          assert.strictEqual(expires, "2026-03-27T21:05:00.000Z")
          assert.strictEqual(header, yield* Effect.promise(() => mppxHeader(its, expires, metaOf(header))))
        }
      }).pipe(Effect.provide(tempo()))
    )
  }

  // mppx's server writes no digest, but its library does.
  for (const price of ["0.10", "0"])
    it.effect(`has mppx's digest of the body under its HMAC, byte for byte, for ${price} dollars`, () =>
      Effect.gen(function* () {
        const payments = yield* PaymentService
        const body = '{"files":{"index.ts":"export default { fetch }"}}'
        const bodyDigest = createHash("sha256").update(body).digest("hex")
        const header = yield* payments.challenge({ ...terms, bodyDigest, price }, "key_1")
        const { digest, ...challenge } = Challenge.deserialize(header)
        assert.strictEqual(digest, BodyDigest.compute(body))
        assert.isTrue(BodyDigest.verify(digest as BodyDigest.BodyDigest, body))
        const { id: _, ...fields } = challenge
        const again = Challenge.from({ ...fields, digest, secretKey: merchant.MPP_SECRET_KEY } as never)
        assert.strictEqual(header, Challenge.serialize(again))
      }).pipe(Effect.provide(tempo()))
    )

  it.effect("names the operation, the key and a nonce under its HMAC", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const header = yield* payments.challenge(terms, "key_1")
      const { nonce, ...rest } = metaOf(header)
      assert.deepStrictEqual(rest, { v: "2", op: "deploy", key: "key_1" })
      assert.match(nonce ?? "", /^[0-9a-f]{32}$/)
      const challenge = Challenge.deserialize(header)
      const holds = (opaque: string) =>
        Challenge.verify({ ...challenge, opaque }, { secretKey: merchant.MPP_SECRET_KEY })
      assert.isTrue(holds(challenge.opaque ?? ""))
      assert.isFalse(holds(PaymentRequest.serialize({ ...metaOf(header), key: "key_2" })))
    }).pipe(Effect.provide(tempo()))
  )

  it.effect("is unique among a thousand of one millisecond", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const headers = yield* Effect.replicateEffect(payments.challenge(terms, "key_1"), 1000)
      assert.strictEqual(new Set(headers.map((header) => Challenge.deserialize(header).id)).size, 1000)
    }).pipe(Effect.provide(tempo()))
  )

  it.effect("is a valid header for every description", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const header = yield* payments.challenge({ ...terms, description: 'ü "quoted" \\ — 🚀' }, "k".repeat(200))
      assert.isBelow(header.length, 8192)
      assert.strictEqual(new Headers({ "www-authenticate": header }).get("www-authenticate"), header)
    }).pipe(Effect.provide(tempo()))
  )

  it.effect("asks for the price in base units, to the account and on the chain of the settings", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const { request } = Challenge.deserialize(yield* payments.challenge({ ...terms, price: "0.01" }, "key_1"))
      assert.deepStrictEqual(request, {
        amount: "10000",
        currency: "0x20c0000000000000000000000000000000000000",
        recipient: merchant.TEMPO_RECIPIENT,
        methodDetails: { chainId: 42431, supportedModes: ["pull"] }
      })
    }).pipe(Effect.provide(tempo({ TEMPO_NETWORK: "testnet" })))
  )

  it.effect("is one for each token, at one price and in the settings' order", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const tokens = (first?: ReadonlyArray<string>) =>
        Effect.map(payments.challenge(terms, "key_1", first), (header) => {
          const challenges = Challenge.deserializeList(header)
          for (const challenge of challenges) {
            assert.isTrue(Challenge.verify(challenge, { secretKey: merchant.MPP_SECRET_KEY }))
            assert.strictEqual(challenge.request["amount"], "100000")
            assert.strictEqual(challenge.opaque, challenges[0]?.opaque)
          }
          return challenges.map(({ request }) => String(request["currency"]).slice(-1))
        })
      assert.deepStrictEqual(yield* tokens(), ["0", "1"])
      assert.deepStrictEqual(yield* tokens(["0x20C0000000000000000000000000000000000001"]), ["1", "0"])
      assert.deepStrictEqual(yield* tokens(["0x20c0000000000000000000000000000000000009"]), ["0", "1"])
      assert.deepStrictEqual(yield* tokens(), ["0", "1"])
    }).pipe(Effect.provide(tempo(twoTokens)))
  )

  it.effect("is one for a proof, because it moves no token", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const header = yield* payments.challenge({ ...terms, price: "0" }, "key_1")
      assert.strictEqual(Challenge.deserializeList(header).length, 1)
    }).pipe(Effect.provide(tempo(twoTokens)))
  )

  it.effect("does not keep the service from starting if settings are missing", () =>
    Effect.gen(function* () {
      const payments = yield* PaymentService
      const exit = yield* Effect.exit(payments.challenge(terms, "key_1"))
      assert.include(String(exit), "the setting TEMPO_RECIPIENT is missing")
    }).pipe(Effect.provide(tempo({ TEMPO_RECIPIENT: "nobody" })))
  )
})
