import { Credential, Receipt } from "mppx"
import { type Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, Actions, P256, Transaction } from "viem/tempo"
import { assert, describe, it } from "vitest"
import {
  accountWith,
  ahead,
  authorize,
  authorized,
  balance,
  capture,
  chain,
  client,
  fails,
  find,
  funder,
  gained,
  logged,
  pathUSD,
  pay,
  price,
  recipient,
  resign,
  run,
  seconds,
  transfer,
  verified,
  usePayments
} from "./support.ts"

usePayments()

describe("a payment", () => {
  it("moves exactly the price, at capture and not before", async () => {
    const before = await balance(recipient)
    const authorization = await authorized()
    assert.strictEqual(await balance(recipient), before)
    const receipt = await run(capture(authorization))
    assert.strictEqual(await balance(recipient), before + price)
    const { reference, status, method } = Receipt.deserialize(receipt.header)
    assert.deepStrictEqual([reference, status, method], [authorization.reference, "success", "tempo"])
    assert.strictEqual(await find(authorization), "landed")
  })

  it("pays once when captured twice at once and a third time", async () => {
    const authorization = await authorized()
    const moved = await gained(async () => {
      const both = await Promise.all([run(capture(authorization)), run(capture(authorization))])
      const receipts = [...both, await run(capture(authorization))]
      assert.deepStrictEqual(new Set(receipts.map(({ reference }) => reference)), new Set([authorization.reference]))
    })
    assert.strictEqual(moved, price)
  })

  it("has landed if only the chain's answer was lost", async () => {
    const authorization = await authorized()
    const broadcasts = chain.state.broadcasts
    const moved = await gained(async () => {
      chain.state.trouble = "lost answer"
      const receipt = await run(capture(authorization))
      assert.strictEqual(receipt.reference, authorization.reference)
    })
    assert.strictEqual(moved, price)
    assert.strictEqual(chain.state.broadcasts, broadcasts + 1)
  })

  it("can come from a P256 account", async () => {
    const account = await accountWith(price * 10n, Account.fromP256(P256.randomPrivateKey()))
    const moved = await gained(async () => void (await run(capture(await authorized(account)))))
    assert.strictEqual(moved, price)
  })

  it("can come from an access key, which is then the payer", async () => {
    const root = await accountWith(price * 10n)
    const key = Account.fromSecp256k1(generatePrivateKey(), { access: root })
    await Actions.accessKey.authorizeSync(client, { account: root, accessKey: key, feeToken: pathUSD } as never)
    const credential = await pay(key)
    const { payer: who } = await run(verified(credential))
    assert.strictEqual(who, key.accessKeyAddress.toLowerCase())
    const moved = await gained(async () => void (await run(capture(await run(authorize(credential))))))
    assert.strictEqual(moved, price)
  })
})

describe("authorize", () => {
  const refuses = async (credential: string, problem: string, message: RegExp, clock = ahead(0)) => {
    const moved = await gained(async () => {
      const error = await fails((payments) => authorize(credential)(payments).pipe(clock))
      if (error._tag !== "PaymentRejected") throw error
      assert.strictEqual(error.problem, problem)
      assert.match(error.detail, message)
      assert.strictEqual(error.key, "key_1")
    })
    assert.strictEqual(moved, 0n)
  }

  it("refuses a payer who has less than the price", async () => {
    const poor = await accountWith(price - 1n)
    await refuses(await pay(poor), "verification-failed", /Insufficient balance\. Required: 100000, available: 99999\./)
  })
  it("refuses a payer who has nothing", async () => {
    const credential = await resign(await pay(), {})
    const nobody = Account.fromSecp256k1(generatePrivateKey())
    const parts = Credential.deserialize<{ signature: Hex }>(credential)
    const signed: object = Transaction.deserialize(parts.payload.signature as Transaction.TransactionSerializedTempo)
    const signature = await nobody.signTransaction({ ...signed, signature: undefined, from: undefined } as never, {
      serializer: Transaction.serialize as never
    })
    const unpayable = Credential.serialize({ ...parts, payload: { type: "transaction", signature } })
    await refuses(unpayable, "verification-failed", /would fail/)
  })
  it("refuses an expired challenge", async () => refuses(await pay(), "payment-expired", /has expired/, ahead(301)))
  it("refuses a payment that is about to expire", async () =>
    refuses(await pay(), "payment-expired", /10 seconds more/, ahead(16)))
  it("refuses a transaction without validBefore", async () =>
    refuses(
      await resign(await pay(), { nonceKey: 0n, nonce: 0, validBefore: undefined }),
      "verification-failed",
      /validBefore/
    ))
  it("refuses a transaction that outlives its challenge", async () =>
    refuses(await resign(await pay(), { validBefore: seconds() + 301 }), "verification-failed", /validBefore/))
  it("refuses a transaction that is not valid yet", async () =>
    refuses(await resign(await pay(), { validAfter: seconds() + 15 }), "verification-failed", /validAfter/))
  it("refuses a nonce that is not next", async () =>
    refuses(await resign(await pay(), { nonceKey: 0n, nonce: 1_000_000 }), "verification-failed", /nonce/))
  it("refuses a nonce that is not next in its lane", async () =>
    refuses(await resign(await pay(), { nonceKey: 7n, nonce: 1 }), "verification-failed", /next one of its account, 0/))

  it("accepts a nonce that is next in its lane", async () => {
    const credential = await resign(await pay(), { nonceKey: 7n, nonce: 0, gas: 2_000_000n })
    const moved = await gained(async () => void (await run(capture(await run(authorize(credential))))))
    assert.strictEqual(moved, price)
  })

  it("fails as unavailable, not as rejected, while the chain is down", async () => {
    const credential = await pay()
    const moved = await gained(async () => {
      chain.state.trouble = "down"
      const error = await fails(authorize(credential))
      chain.state.trouble = "none"
      assert.strictEqual(error._tag, "PaymentServiceUnavailable")
    })
    assert.strictEqual(moved, 0n)
  })
})

describe("a capture", () => {
  it("fails permanently if the chain reverts it", async () => {
    const account = await accountWith(price * 2n)
    const authorization = await authorized(account)
    await transfer(account, funder.address, price)
    const moved = await gained(async () => {
      const error = await fails(capture(authorization))
      if (error._tag !== "CaptureFailed") throw error
      assert.strictEqual(error.problem, "verification-failed")
    })
    assert.strictEqual(moved, 0n)
    assert.strictEqual(await find(authorization), "reverted")
  })

  // This test is the last, because it moves the chain's clock.
  it("is uncertain while the chain is down, and fails once its deadline has passed", async () => {
    const authorization = await authorized()
    const moved = await gained(async () => {
      chain.state.trouble = "down"
      assert.strictEqual((await fails(capture(authorization)))._tag, "CaptureUncertain")
      assert.strictEqual(await find(authorization), "unknown")
      chain.state.trouble = "none"
      assert.strictEqual(await find(authorization), "unknown")
      await chain.direct({ method: "evm_increaseTime", params: [60] })
      assert.strictEqual(await find(authorization), "absent")
      const error = await fails(capture(authorization))
      if (error._tag !== "CaptureFailed") throw error
      assert.strictEqual(error.problem, "payment-expired")
    })
    assert.strictEqual(moved, 0n)
  })
})

it("logs neither credentials nor transactions", () => {
  assert.notMatch(logged.join("\n"), /0x76f9|eyJ|0xf9/)
})
