import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { decodeFunctionData, encodeErrorResult, encodeFunctionResult, type Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Abis, Account } from "viem/tempo"
import { isKeyRefused, makeCheckAccessKey } from "../../../../src/payment/tempo/access-key.ts"
import {
  encodeAuthorizeKey,
  type SignedKeyAuthorization
} from "../../../../src/payment/tempo/wire/key-authorization.ts"
import { permits, decodeScopes } from "../../../../src/payment/tempo/wire/scopes.ts"
import { account, type Answers, call, chainOf, key, other, payment, reverted, token, unknown } from "./rpc-answers.ts"

const now = 1_000_000

const keychain = (functionName: string, result: unknown): Hex =>
  encodeFunctionResult({ abi: Abis.accountKeychain, functionName, result } as never)
const entry = (changes: object = {}) =>
  keychain("getKey", {
    signatureType: 0,
    keyId: key.address,
    expiry: 2n ** 64n - 1n,
    enforceLimits: false,
    isRevoked: false,
    ...changes
  })
const scoped = (scopes: ReadonlyArray<object>) => keychain("getAllowedCalls", [true, scopes])
const unscoped = keychain("getAllowedCalls", [false, []])

const limitOf = (answers: Answers, of = payment()) => {
  const { network } = chainOf(answers)
  return Effect.flatMap(makeCheckAccessKey(network)(of, now), (limit) => limit(token))
}
const known = { getKey: entry(), getAllowedCalls: unscoped }
const limited = { ...known, getKey: entry({ enforceLimits: true }) }
const left = keychain("getRemainingLimitWithPeriod", [7n, 0n])

describe("a known access key", () => {
  it.effect("may spend anything, unless it has limits", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* limitOf(known))
      assert.strictEqual(yield* limitOf({ ...limited, getRemainingLimitWithPeriod: left }), 7n)
    })
  )

  it.effect("is checked with the functions of each hardfork", () =>
    Effect.gen(function* () {
      const older = {
        getKey: entry({ enforceLimits: true }),
        getAllowedCalls: unknown,
        getRemainingLimitWithPeriod: unknown
      }
      assert.strictEqual(yield* limitOf({ ...older, getRemainingLimit: left.slice(0, 66) as Hex }), 7n)
      assert.isUndefined(yield* limitOf({ ...older, getRemainingLimit: unknown }))
      assert.isUndefined(yield* limitOf({ ...known, getAllowedCalls: unknown }))
    })
  )

  it.effect("takes two questions to the chain", () =>
    Effect.gen(function* () {
      const { asked, network } = chainOf(known)
      yield* makeCheckAccessKey(network)(payment(), now)
      assert.deepStrictEqual(asked, ["getKey", "getAllowedCalls"])
    })
  )

  const refused: Record<string, readonly [answers: Answers, message: RegExp]> = {
    "is not known": [{ ...known, getKey: entry({ keyId: `0x${"00".repeat(20)}`, expiry: 0n }) }, /does not know/],
    "is another one": [{ ...known, getKey: entry({ keyId: account }) }, /does not know/],
    "was revoked": [{ ...known, getKey: entry({ keyId: account, expiry: 0n, isRevoked: true }) }, /revoked/],
    "has expired": [{ ...known, getKey: entry({ expiry: BigInt(now) - 1n }) }, /expired/],
    "is of another type": [{ ...known, getKey: entry({ signatureType: 2 }) }, /another type/],
    "may do nothing": [{ ...known, getAllowedCalls: scoped([]) }, /may not make this call/]
  }
  for (const [what, [answers, message]] of Object.entries(refused)) {
    it.effect(`is rejected when it ${what}`, () =>
      Effect.map(Effect.flip(limitOf(answers)), (error) => {
        assert.strictEqual(error._tag, "PaymentRejected")
        assert.match(error.message, message)
        // A key that may not make a call may make the same call to another token.
        assert.strictEqual(error._tag === "PaymentRejected" && isKeyRefused(error), what !== "may do nothing")
      })
    )
  }

  const silent: Record<string, Answers> = {
    "says nothing of the key": { ...known, getKey: new Error("down") },
    "says nothing that is a key": { ...known, getKey: "0x" },
    "says too little of the key": { ...known, getKey: entry().slice(0, -64) as Hex },
    "does not know how to say of a key": { ...known, getKey: unknown },
    "reverts when it is asked for the key": { ...known, getKey: reverted("0x12345678") },
    "says nothing of the calls": { ...known, getAllowedCalls: new Error("down") },
    "reverts when it is asked for the calls": { ...known, getAllowedCalls: reverted("0x") },
    "says nonsense of the calls": { ...known, getAllowedCalls: `0x${"ff".repeat(640)}` },
    "says nothing of the limit": { ...limited, getRemainingLimitWithPeriod: new Error("down") },
    "says nonsense of the limit": { ...limited, getRemainingLimitWithPeriod: "0x01" },
    "says nothing of the limit in the older way": { ...limited, getRemainingLimitWithPeriod: unknown }
  }
  for (const [what, answers] of Object.entries(silent)) {
    it.effect(`is unavailable, and not rejected, when the chain ${what}`, () =>
      Effect.map(Effect.flip(limitOf(answers)), (error) => assert.strictEqual(error._tag, "PaymentServiceUnavailable"))
    )
  }
})

describe("an access key's authorization", () => {
  const root = Account.fromSecp256k1(generatePrivateKey())
  const own = Account.fromSecp256k1(generatePrivateKey(), { access: root })
  const of = async (restrictions: object = {}): Promise<SignedKeyAuthorization> =>
    (await root.signKeyAuthorization(own, { chainId: 1337n, ...restrictions } as never)) as SignedKeyAuthorization
  const carrying = (keyAuthorization: SignedKeyAuthorization) => payment({ keyAuthorization })

  it.effect("is simulated as the account's own call", () =>
    Effect.gen(function* () {
      const scopes = [{ address: token, selector: "0x95777d59", recipients: [account] }, { address: other }]
      const limits = [
        { token, limit: 5n, period: 60 },
        { token: other, limit: 6n }
      ]
      const authorization = yield* Effect.promise(() => of({ expiry: 2_000_000_000, limits, scopes }))
      const { functionName, args } = decodeFunctionData({
        abi: Abis.accountKeychain,
        data: encodeAuthorizeKey(authorization)
      })
      assert.strictEqual(functionName, "authorizeKey")
      const lower = JSON.parse(
        JSON.stringify(args, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value)).toLowerCase()
      ) as unknown
      assert.deepEqual(lower, [
        own.accessKeyAddress.toLowerCase(),
        0,
        {
          expiry: 2_000_000_000,
          enforcelimits: true,
          limits: [
            { token, amount: 5, period: 60 },
            { token: other, amount: 6, period: 0 }
          ],
          allowanycalls: false,
          allowedcalls: [
            { target: token, selectorrules: [{ selector: "0x95777d59", recipients: [account] }] },
            { target: other, selectorrules: [] }
          ]
        }
      ])
    })
  )

  it.effect("is accepted if the chain accepts it, even in the older form", () =>
    Effect.gen(function* () {
      const authorization = yield* Effect.promise(() => of({ limits: [{ token, limit: 9n }] }))
      assert.strictEqual(yield* limitOf({ authorizeKey: "0x" }, carrying(authorization)), 9n)
      assert.strictEqual(yield* limitOf({ authorizeKey: unknown }, carrying(authorization)), 9n)
    })
  )

  it.effect("with a witness needs a chain that knows witnesses", () =>
    Effect.gen(function* () {
      const authorization = yield* Effect.promise(() => of({ witness: `0x${"5a".repeat(32)}` }))
      assert.isUndefined(yield* limitOf({ authorizeKey: "0x" }, carrying(authorization)))
      const error = yield* Effect.flip(limitOf({ authorizeKey: unknown }, carrying(authorization)))
      assert.match(error.message, /witness/)
    })
  )

  for (const name of [
    "KeyAlreadyExists",
    "KeyAlreadyRevoked",
    "ExpiryInPast",
    "InvalidSpendingLimit",
    "InvalidCallScope"
  ]) {
    it.effect(`is rejected with an explanation if the chain reverts with ${name}`, () =>
      Effect.gen(function* () {
        const authorization = yield* Effect.promise(() => of())
        const data = encodeErrorResult({ abi: Abis.accountKeychain, errorName: name } as never)
        const error = yield* Effect.flip(limitOf({ authorizeKey: reverted(data) }, carrying(authorization)))
        assert.strictEqual(error._tag, "PaymentRejected")
        assert.match(error.message, /access key/)
      })
    )
  }

  it.effect("is unavailable, and not rejected, if the chain does not answer", () =>
    Effect.gen(function* () {
      const authorization = yield* Effect.promise(() => of())
      const error = yield* Effect.flip(limitOf({}, carrying(authorization)))
      assert.strictEqual(error._tag, "PaymentServiceUnavailable")
    })
  )
})

describe("the scopes of an access key", () => {
  const rules = (target: string, ...selectorRules: ReadonlyArray<object>) => ({ target, selectorRules })
  const rule = (selector: string, ...recipients: ReadonlyArray<string>) => ({ selector, recipients })
  const may = (...scopes: ReadonlyArray<object>) => permits(decodeScopes(scoped(scopes)) ?? [], [call])

  it("are decoded from the chain's answer", () => {
    assert.isUndefined(decodeScopes(unscoped))
    const payee = `0x${"c3".repeat(20)}`
    assert.isTrue(may(rules(token)))
    assert.isTrue(may(rules(other), rules(token, rule("0xa9059cbb"), rule("0x95777d59"))))
    assert.isTrue(may(rules(token, rule("0x95777d59", account, payee))))
    assert.isFalse(may(rules(other)))
    assert.isFalse(may(rules(token, rule("0xa9059cbb"))))
    assert.isFalse(may(rules(token, rule("0x95777d59", account))))
    assert.isFalse(may())
  })

  it("decode or throw at once for every answer", () => {
    const good = scoped([rules(token, rule("0x95777d59", account, other))])
    let seed = 7
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
    for (let i = 0; i < 2_000; i++) {
      const at = 2 + random(good.length - 2)
      const answer =
        `${good.slice(0, at)}${random(16).toString(16)}${good.slice(at + 1, good.length - random(3) * 64)}` as Hex
      try {
        decodeScopes(answer)
      } catch (error) {
        assert.match((error as Error).message, /cut off|no offset|too many/)
      }
    }
  })
})
