import { inspect } from "node:util"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Credential, Receipt } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, type Hex, http } from "viem"
import { generatePrivateKey, mnemonicToAccount } from "viem/accounts"
import { Account, Actions, P256, Transaction } from "viem/tempo"
import { tempoLocalnet } from "viem/tempo/chains"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { layerSettings } from "../../../src/config.ts"
import { type Authorization, PaymentService } from "../../../src/payment/PaymentService.ts"
import { layerTempo } from "../../../src/payment/tempo/Tempo.ts"
import { startChain } from "./chain.ts"

const pathUSD = "0x20c0000000000000000000000000000000000000"
const price = 100_000n
const terms = {
  operation: "deploy",
  bodyDigest: "0f".repeat(32),
  price: "0.10",
  description: "Deploy one Worker for 24 hours"
}
const recipient = Account.fromSecp256k1(generatePrivateKey()).address

/** A development account of the chain: it has more of every token than it can spend. */
const rich = (index: number) => {
  const { privateKey } = mnemonicToAccount("test test test test test test test test test test test junk", {
    addressIndex: index
  }).getHdKey()
  return Account.fromSecp256k1(`0x${Buffer.from(privateKey ?? []).toString("hex")}`)
}
const payer = rich(3)
const bank = rich(4)

/** Whatever the libraries have to say. */
const logged: Array<string> = []

type Chain = Awaited<ReturnType<typeof startChain>>
let chain: Chain
const clientOf = (url: string) => createClient({ chain: tempoLocalnet, transport: http(url) })
let client: ReturnType<typeof clientOf>
const runtimeOf = (url: string) =>
  ManagedRuntime.make(
    layerTempo.pipe(
      Layer.provide(layerSettings()),
      Layer.provide(
        ConfigProvider.layer(
          ConfigProvider.fromEnv({
            env: {
              MPP_SECRET_KEY: "a secret of more than 32 characters",
              REALM: "compute.test",
              TEMPO_RECIPIENT: recipient,
              TEMPO_NETWORK: "local",
              TEMPO_RPC_URL: url
            }
          })
        )
      )
    )
  )
let runtime: ReturnType<typeof runtimeOf>

beforeAll(async () => {
  chain = await startChain()
  client = clientOf(chain.url)
  runtime = runtimeOf(chain.url)
  for (const level of ["debug", "error", "info", "log", "warn"] as const) {
    console[level] = (...values: ReadonlyArray<unknown>) => void logged.push(...values.map((value) => inspect(value)))
  }
})
afterEach(() => {
  chain.state.trouble = "none"
})
afterAll(async () => {
  await runtime.dispose()
  await chain.stop()
})

const balance = async (account: Address) =>
  BigInt((await Actions.token.getBalance(client, { account, token: pathUSD })).amount)

/** What the recipient gains while something happens. */
const gained = async (during: () => Promise<void>) => {
  const before = await balance(recipient)
  await during()
  return (await balance(recipient)) - before
}

type Payments = PaymentService["Service"]
const run = <A, E>(use: (payments: Payments) => Effect.Effect<A, E>) =>
  runtime.runPromise(Effect.flatMap(PaymentService, use))
const fails = <A, E>(use: (payments: Payments) => Effect.Effect<A, E>) => run((payments) => Effect.flip(use(payments)))

/** A credential of mppx's own client. */
const pay = async (account: Account.RootAccount | Account.AccessKeyAccount = payer) => {
  const challenge = await run((payments) => payments.challenge(terms, "key_1"))
  const methods = [tempo.charge({ account, getClient: () => client })]
  const response = new Response(null, { status: 402, headers: { "www-authenticate": challenge } })
  return Mppx.create({ polyfill: false, methods }).createCredential(response)
}

/** The same payment, signed again with something about it changed. */
const resign = async (credential: string, edit: object) => {
  const parts = Credential.deserialize<{ signature: Hex }>(credential)
  const signed: object = Transaction.deserialize(parts.payload.signature as Transaction.TransactionSerializedTempo)
  const signature = await payer.signTransaction(
    { ...signed, signature: undefined, from: undefined, ...edit } as never,
    {
      serializer: Transaction.serialize as never
    }
  )
  return Credential.serialize({ ...parts, payload: { type: "transaction", signature } })
}

const verified = (credential: string) => (payments: Payments) => payments.verify(credential, terms)
const authorize = (credential: string) => (payments: Payments) =>
  Effect.flatMap(payments.verify(credential, terms), (it) => payments.authorize(it, terms))
const authorized = async (account?: Parameters<typeof pay>[0]) => run(authorize(await pay(account)))
const capture = (authorization: Authorization) => (payments: Payments) => payments.capture(authorization)
const find = (authorization: Authorization) => run((payments) => payments.find(authorization))

/** The gateway's clock, some seconds ahead of everybody else's. */
const ahead =
  (seconds: number) =>
  <A, E>(self: Effect.Effect<A, E>) =>
    Effect.flatMap(Clock.Clock, (real) => {
      const millis = () => Date.now() + seconds * 1000
      const clock = Object.assign(Object.create(real), {
        currentTimeMillisUnsafe: millis,
        currentTimeMillis: Effect.sync(millis)
      })
      return Effect.provideService(self, Clock.Clock, clock)
    })

const seconds = () => Math.floor(Date.now() / 1000)

const transfer = (from: Account.RootAccount, to: Address, amount: bigint) =>
  Actions.token.transferSync(client, { account: from, to, amount, token: pathUSD, feeToken: pathUSD })

/** An account that has this much and not a unit more. */
const accountWith = async (
  amount: bigint,
  account: Account.RootAccount = Account.fromSecp256k1(generatePrivateKey())
) => {
  if (amount > 0n) await transfer(bank, account.address, amount)
  return account
}

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

  it("pays once when captured twice, and again after that", async () => {
    const authorization = await authorized()
    const moved = await gained(async () => {
      const both = await Promise.all([run(capture(authorization)), run(capture(authorization))])
      const receipts = [...both, await run(capture(authorization))]
      assert.deepStrictEqual(new Set(receipts.map(({ reference }) => reference)), new Set([authorization.reference]))
    })
    assert.strictEqual(moved, price)
  })

  it("has landed when only the chain's answer was lost", async () => {
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

describe("authorize refuses, and moves nothing", () => {
  const refuses = async (credential: string, problem: string, says: RegExp, clock = ahead(0)) => {
    const moved = await gained(async () => {
      const error = await fails((payments) => authorize(credential)(payments).pipe(clock))
      if (error._tag !== "PaymentRejected") throw error
      assert.strictEqual(error.problem, problem)
      assert.match(error.detail, says)
      assert.strictEqual(error.key, "key_1")
    })
    assert.strictEqual(moved, 0n)
  }

  it("a payer who has less than the price", async () => {
    const poor = await accountWith(price - 1n)
    await refuses(await pay(poor), "verification-failed", /Insufficient balance\. Required: 100000, available: 99999\./)
  })
  it("a payer who has nothing", async () => {
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
  it("an expired challenge", async () => refuses(await pay(), "payment-expired", /has expired/, ahead(301)))
  it("a payment that is about to expire", async () =>
    refuses(await pay(), "payment-expired", /10 seconds more/, ahead(16)))
  it("a transaction without validBefore", async () =>
    refuses(
      await resign(await pay(), { nonceKey: 0n, nonce: 0, validBefore: undefined }),
      "verification-failed",
      /validBefore/
    ))
  it("a transaction that outlives its challenge", async () =>
    refuses(await resign(await pay(), { validBefore: seconds() + 301 }), "verification-failed", /validBefore/))
  it("a transaction that is not valid yet", async () =>
    refuses(await resign(await pay(), { validAfter: seconds() + 15 }), "verification-failed", /validAfter/))
  it("a nonce that is not next", async () =>
    refuses(await resign(await pay(), { nonceKey: 0n, nonce: 1_000_000 }), "verification-failed", /nonce/))
  it("a nonce that is not next in its lane", async () =>
    refuses(await resign(await pay(), { nonceKey: 7n, nonce: 1 }), "verification-failed", /next one of its account, 0/))

  it("and takes a nonce that is", async () => {
    const credential = await resign(await pay(), { nonceKey: 7n, nonce: 0, gas: 2_000_000n })
    const moved = await gained(async () => void (await run(capture(await run(authorize(credential))))))
    assert.strictEqual(moved, price)
  })

  it("everything while the chain cannot be asked, without blaming the payer", async () => {
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

describe("a capture that goes wrong", () => {
  it("has failed for good when the chain reverted it", async () => {
    const account = await accountWith(price * 2n)
    const authorization = await authorized(account)
    await transfer(account, bank.address, price)
    const moved = await gained(async () => {
      const error = await fails(capture(authorization))
      if (error._tag !== "CaptureFailed") throw error
      assert.strictEqual(error.problem, "verification-failed")
    })
    assert.strictEqual(moved, 0n)
    assert.strictEqual(await find(authorization), "reverted")
  })

  // The last of all: it moves the chain's clock.
  it("is uncertain while the chain is down, and has failed once its deadline has passed", async () => {
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

it("nothing was logged that pays", () => {
  assert.notMatch(logged.join("\n"), /0x76f9|eyJ|0xf9/)
})
