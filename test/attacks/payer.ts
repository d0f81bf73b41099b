import { Challenge, Credential } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, defineChain, type Hex, http } from "viem"
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Account, Actions, Transaction } from "viem/tempo"
import { fresh } from "../e2e/support.ts"
import { postJson, stack } from "./support.ts"

const { info } = stack
const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
/** The stack's chain. */
export const client = createClient({ chain, transport: http(info.rpc) })
/** The currency of the stack. */
export const token = info.currency as Address

/** An account with plenty of money. */
export const rich = privateKeyToAccount(info.payerPrivateKey as Hex)
/** The same account, as one of Tempo's. */
export const richRoot = Account.fromSecp256k1(info.payerPrivateKey as Hex)

/** A signer: an account, or an access key that names one. */
export type Signer = Account.RootAccount | Account.AccessKeyAccount

/** Makes a new account with this amount of the currency. */
export const accountWith = async (amount: bigint): Promise<Account.RootAccount> => {
  const account = Account.fromSecp256k1(generatePrivateKey())
  if (amount > 0n) {
    await Actions.token.transferSync(client, { account: rich, to: account.address, amount, token, feeToken: token })
  }
  return account
}

/** Makes a new body, and gets the challenge for it. */
export const quoted = async (path = "/deploy", body = fresh("plain-js")) => {
  const response = await postJson(path, body)
  return { body, challenge: Challenge.fromResponse(response), response }
}

/** Answers a quote as the stock client does, with any signer. */
export const credentialFor = (quote: Awaited<ReturnType<typeof quoted>>, account: Signer): Promise<string> =>
  Mppx.create({
    polyfill: false,
    methods: [tempo.charge({ account, getClient: () => client })]
  }).createCredential(quote.response.clone())

/** Changes the transaction of a payment, and signs it again. */
export const resigned = async (credential: string, account: Signer, edit: object): Promise<string> => {
  const parts = Credential.deserialize<{ readonly signature: Hex }>(credential)
  const signed: object = Transaction.deserialize(parts.payload.signature as Transaction.TransactionSerializedTempo)
  const bare = { ...signed, signature: undefined, from: undefined, ...edit }
  const signature = await account.signTransaction(bare as never, { serializer: Transaction.serialize as never })
  return Credential.serialize({ ...parts, payload: { type: "transaction", signature } })
}
