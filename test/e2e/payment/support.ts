import { inspect } from "node:util"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Credential } from "mppx"
import type { Address, Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, Actions, Transaction } from "viem/tempo"
import { afterAll, afterEach, beforeAll } from "vitest"
import { type Authorization, PaymentService } from "../../../src/payment/PaymentService.ts"
import { startChain } from "./chain.ts"
import { answerChallenge, clientOf, developmentAccount, pathUSD, runtimeOf } from "./runtime.ts"

export { pathUSD, price } from "./runtime.ts"

const terms = {
  operation: "deploy",
  bodyDigest: "0f".repeat(32),
  price: "0.10",
  description: "Deploy one Worker for 24 hours"
}
/** The account that is paid. */
export const recipient = Account.fromSecp256k1(generatePrivateKey()).address

/** An account that can pay. */
export const payer = developmentAccount(3)
/** An account that gives money to others. */
export const funder = developmentAccount(4)

/** The lines that the libraries log. */
export const logged: Array<string> = []

type Chain = Awaited<ReturnType<typeof startChain>>
/** The chain of these tests. */
export let chain: Chain
/** The client of the chain. */
export let client: ReturnType<typeof clientOf>
let runtime: ReturnType<typeof runtimeOf>

/** Starts the chain for the tests of a file, and ends it after them. */
export const usePayments = (): void => {
  beforeAll(async () => {
    chain = await startChain()
    client = clientOf(chain.url)
    runtime = runtimeOf(chain.url, recipient)
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
}

/** The pathUSD of an account, in base units. */
export const balance = async (account: Address) =>
  BigInt((await Actions.token.getBalance(client, { account, token: pathUSD })).amount)

/** Returns the recipient's gain during an action. */
export const gained = async (during: () => Promise<void>) => {
  const before = await balance(recipient)
  await during()
  return (await balance(recipient)) - before
}

type Payments = PaymentService["Service"]
/** Runs an effect with the payments. */
export const run = <A, E>(use: (payments: Payments) => Effect.Effect<A, E>) =>
  runtime.runPromise(Effect.flatMap(PaymentService, use))
/** Runs an effect that must fail, and returns its error. */
export const fails = <A, E>(use: (payments: Payments) => Effect.Effect<A, E>) =>
  run((payments) => Effect.flip(use(payments)))

/** Makes a credential with mppx's own client. */
export const pay = async (account: Account.RootAccount | Account.AccessKeyAccount = payer) => {
  const challenge = await run((payments) => payments.challenge(terms, "key_1"))
  return answerChallenge(challenge, account, client)
}

/** Changes the transaction of a payment, and signs it again. */
export const resign = async (credential: string, edit: object) => {
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

/** Verifies a credential. */
export const verified = (credential: string) => (payments: Payments) => payments.verify(credential, terms)
/** Verifies and authorizes a credential. */
export const authorize = (credential: string) => (payments: Payments) =>
  Effect.flatMap(payments.verify(credential, terms), (it) => payments.authorize(it, terms))
/** Authorizes a new payment. */
export const authorized = async (account?: Parameters<typeof pay>[0]) => run(authorize(await pay(account)))
/** Captures a payment. */
export const capture = (authorization: Authorization) => (payments: Payments) => payments.capture(authorization)
/** Looks a payment up on the chain. */
export const find = (authorization: Authorization) => run((payments) => payments.find(authorization))

/** Moves the gateway's clock some seconds ahead of all others. */
export const ahead =
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

/** Now, in seconds. */
export const seconds = () => Math.floor(Date.now() / 1000)

/** Moves pathUSD from one account to another. */
export const transfer = (from: Account.RootAccount, to: Address, amount: bigint) =>
  Actions.token.transferSync(client, { account: from, to, amount, token: pathUSD, feeToken: pathUSD })

/** Makes an account with exactly this balance. */
export const accountWith = async (
  amount: bigint,
  account: Account.RootAccount = Account.fromSecp256k1(generatePrivateKey())
) => {
  if (amount > 0n) await transfer(funder, account.address, amount)
  return account
}
