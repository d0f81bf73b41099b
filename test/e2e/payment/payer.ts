import * as Effect from "effect/Effect"
import { Credential } from "mppx"
import type { Address, Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Account, Actions, P256, Transaction } from "viem/tempo"
import { PaymentService } from "../../../src/payment/PaymentService.ts"
import { startChain } from "./chain.ts"
import { answerChallenge, clientOf, developmentAccount, pathUSD, runtimeOf } from "./runtime.ts"

export { pathUSD, price } from "./runtime.ts"

// Payers of every kind, on a chain of their own: accounts, access keys, and payments that are changed and signed again.

export const alphaUSD = "0x20c0000000000000000000000000000000000001"
export const terms = { operation: "deploy", bodyDigest: "0f".repeat(32), price: "0.10", description: "Deploy" }
export const recipient = Account.fromSecp256k1(generatePrivateKey()).address

/** An account with more than enough of every token. */
export const rich = developmentAccount(4)
export type Root = Account.RootAccount
export type Signer = Root | Account.AccessKeyAccount

export let chain: Awaited<ReturnType<typeof startChain>>
export let client: ReturnType<typeof clientOf>
let runtime: ReturnType<typeof runtimeOf>
/** Starts a chain and a payment service on it. */
export const startPayments = async () => {
  chain = await startChain()
  client = clientOf(chain.url)
  runtime = runtimeOf(chain.url, recipient)
}
/** Ends both. */
export const stopPayments = async () => {
  await runtime.dispose()
  await chain.stop()
}

export const run = <A, E>(use: (payments: PaymentService["Service"]) => Effect.Effect<A, E>) =>
  runtime.runPromise(Effect.flatMap(PaymentService, use))
export const seconds = () => Math.floor(Date.now() / 1000)

export const fund = async <A extends { readonly address: Address }>(
  account: A,
  amount: bigint,
  token: Address = pathUSD
) => {
  await Actions.token.transferSync(client, { account: rich, to: account.address, amount, token, feeToken: pathUSD })
  return account
}
/** Makes a new account with this balance. */
export const accountWith = (amount = 10_000_000n, account: Root = Account.fromSecp256k1(generatePrivateKey())) =>
  fund(account, amount)

/** Makes a credential with mppx's own client. */
export const pay = async (account: Signer) => {
  const challenge = await run((payments) => payments.challenge(terms, "key_1"))
  return answerChallenge(challenge, account, client)
}
export const transactionOf = (credential: string) =>
  Credential.deserialize<{ signature: Hex }>(credential).payload.signature
export const carrying = (credential: string, signature: Hex) =>
  Credential.serialize({ ...Credential.deserialize(credential), payload: { type: "transaction", signature } })
type Edit = object | ((transaction: Record<string, never>) => object)
/** Changes the transaction of a payment, and signs it again. */
export const resign = async (credential: string, edit: Edit, account: Signer) => {
  const signed: object = Transaction.deserialize(transactionOf(credential) as Transaction.TransactionSerializedTempo)
  const bare = { ...signed, signature: undefined, from: undefined }
  const changes = typeof edit === "function" ? edit(bare as never) : edit
  const serializer = Transaction.serialize as never
  return carrying(credential, (await account.signTransaction({ ...bare, ...changes } as never, { serializer })) as Hex)
}
export const changed = (edit: Edit, amount?: bigint) => async (): Promise<string> => {
  const account = await accountWith(amount)
  return resign(await pay(account), edit, account)
}

/** Makes an access key that its account has authorized. */
export const authorized = async (
  restrictions: object = {},
  make: (root: Root) => Account.AccessKeyAccount = secp256k1Key
) => {
  const root = await accountWith()
  const accessKey = make(root)
  // This is more gas than anvil estimates, because anvil ignores the cost of restrictions.
  await Actions.accessKey.authorizeSync(client, {
    account: root,
    accessKey,
    feeToken: pathUSD,
    gas: 6_000_000n,
    ...restrictions
  } as never)
  return { root, accessKey }
}
export const secp256k1Key = (root: Root) => Account.fromSecp256k1(generatePrivateKey(), { access: root })
export const p256Key = (root: Root) => Account.fromP256(P256.randomPrivateKey(), { access: root })
export const paidByKey =
  (restrictions: object = {}, make = secp256k1Key) =>
  async () =>
    pay((await authorized(restrictions, make)).accessKey)

interface Bringing {
  readonly restrictions?: object
  readonly key?: (root: Root) => Account.AccessKeyAccount
  /** The signer of the transaction; the key by default. */
  readonly signer?: (root: Root, key: Account.AccessKeyAccount) => Signer
  /** The signer of the authorization; the account by default. */
  readonly by?: Root
  readonly edit?: object
}
/** Makes a payment with an access key's authorization. */
export const bringing =
  ({ restrictions = {}, key = secp256k1Key, signer = (_, own) => own, by, edit = {} }: Bringing = {}) =>
  async () => {
    const root = await accountWith()
    const own = key(root)
    const keyAuthorization = await (by ?? root).signKeyAuthorization(own, { chainId: 1337n, ...restrictions } as never)
    return resign(await pay(root), { keyAuthorization, gas: 4_000_000n, ...edit }, signer(root, own))
  }
