import { Credential } from "mppx"
import { Mppx, tempo } from "mppx/client"
import { type Account, createClient, custom, type Hex } from "viem"
import { Transaction } from "viem/tempo"
import { tempoLocalnet } from "viem/tempo/chains"

/** A chain that knows just enough for a stock client to sign a payment. Nothing leaves the process. */
const answers: Record<string, unknown> = {
  eth_chainId: "0x539",
  eth_estimateGas: "0xaae60",
  eth_maxPriorityFeePerGas: "0x1",
  eth_getTransactionCount: "0x0",
  eth_getBlockByNumber: { number: "0x1", baseFeePerGas: "0x4a817c800", timestamp: "0x1", transactions: [] }
}
const client = createClient({
  chain: tempoLocalnet,
  transport: custom(
    {
      request: ({ method }: { method: string }) =>
        method in answers ? Promise.resolve(answers[method]) : Promise.reject(new Error(`no ${method} here`))
    },
    { retryCount: 0 }
  )
})

/** An account whose key the test has. */
export type Signer = Extract<Account, { type: "local" }>

/** A credential of a stock client, taken apart. */
export type Deserialized = ReturnType<typeof Credential.deserialize<{ type: string; signature: Hex }>>

/** Answers one of the challenges of a header with mppx's own client, which takes the first by itself. */
export const answer = (challenge: string, account: Signer, at = 0): Promise<string> =>
  Mppx.create({
    polyfill: false,
    methods: [tempo.charge({ account, getClient: () => client })],
    orderChallenges: (candidates) => [...candidates.slice(at), ...candidates.slice(0, at)]
  }).createCredential(new Response(null, { status: 402, headers: { "www-authenticate": challenge } }))

/** Changes a credential. */
export const change = (credential: string, edit: (parts: Deserialized) => object): string => {
  const parts = Credential.deserialize<{ type: string; signature: Hex }>(credential)
  return Credential.serialize({ ...parts, ...edit(parts) })
}

/** Changes the transaction of a payment, and signs it again with the same or another account. */
export const resign = async (
  credential: string,
  account: Signer,
  edit: (transaction: Transaction.TransactionSerializableTempo) => object
): Promise<string> => {
  const { payload } = Credential.deserialize<{ signature: Hex }>(credential)
  const signed: object = Transaction.deserialize(payload.signature as Transaction.TransactionSerializedTempo)
  const transaction = { ...signed, signature: undefined, from: undefined } as Transaction.TransactionSerializableTempo
  const signature = await account.signTransaction({ ...transaction, ...edit(transaction) } as never, {
    serializer: Transaction.serialize as never
  })
  return change(credential, () => ({ payload: { type: "transaction", signature } }))
}
