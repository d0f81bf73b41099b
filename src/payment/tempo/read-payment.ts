import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import type { Hex } from "viem"
import { PaymentRejected } from "../errors.ts"
import { neverTaken } from "./chain/fees.ts"
import { authorizationFault, type Signed, signerOf } from "./wire/key-authorization.ts"
import { namesChallenge } from "./memo.ts"
import type { Answer, Merchant } from "./charge.ts"
import { rejected } from "./chain/rejections.ts"
import { KINDS } from "./wire/signature-bounds.ts"
import { type Misshapen, misshapen } from "./wire/transaction-bounds.ts"
import { word } from "./chain/abi.ts"

/** A signed transaction that pays a challenge: read and checked without asking the chain. */
export interface Payment {
  readonly transaction: TxEnvelopeTempo.TxEnvelopeTempo
  /** The address of the key that signed, in lower case. */
  readonly signer: Hex
  /** Whose money it is, in lower case: the signer's, or that of the account which the signer's access key says it is for. */
  readonly account: Hex
  /** The access key that signed, if one did: in lower case, and of which kind. The chain says whether the account knows it. */
  readonly key: { readonly address: Hex; readonly kind: string } | undefined
  /** Base units of the currency. */
  readonly price: bigint
}

const faults: Readonly<Record<Misshapen, string>> = {
  unreadable: "The transaction cannot be read. It is a signed Tempo transaction (type 0x76) in RLP.",
  "too long": "The transaction is longer than 8,192 bytes. Sign one that makes the payment and nothing else.",
  signature: KINDS,
  lists: "The transaction has an authorization list, and a payment needs none. Sign it without."
}

/** Reads the payment in a credential, and checks who signed it and that it pays this very challenge. */
export const readPayment = Effect.fnUntraced(function* ({ challenge, payload }: Answer, merchant: Merchant) {
  const parsed = Methods.charge.schema.credential.payload.safeParse(payload)
  if (!parsed.success) {
    return yield* new PaymentRejected({
      problem: "malformed-credential",
      detail: 'The credential\'s payload cannot be read. It is {"type": "transaction", "signature": "0x76…"}.'
    })
  }
  if (parsed.data.type !== "transaction") {
    return yield* rejected(
      "Only pull mode is offered: send the signed transaction itself, unsent. Whatever was paid in push mode is not seen here."
    )
  }
  const signature = parsed.data.signature
  const shape = misshapen(signature as Hex)
  if (shape !== undefined) return yield* rejected(faults[shape])
  const transaction = yield* Effect.try({
    try: () => TxEnvelopeTempo.deserialize(signature as TxEnvelopeTempo.Serialized),
    catch: () => rejected(faults.unreadable)
  })
  if (!signature.startsWith(TxEnvelopeTempo.serializedType) || transaction.feePayerSignature !== undefined) {
    return yield* rejected(
      "The transaction names a fee payer or waits for one, and none is offered here. Sign one that pays its own fee."
    )
  }
  if (transaction.chainId !== merchant.chainId) {
    return yield* rejected(
      `The transaction is for chain ${transaction.chainId}. Sign it for chain ${merchant.chainId}.`
    )
  }
  // RLP may hold lists where a transaction holds bytes: then this throws, and nothing is paid either.
  if (
    !(yield* Effect.orElseSucceed(
      Effect.try(() => pays(transaction.calls, challenge, merchant)),
      () => false
    ))
  ) {
    return yield* rejected(
      "The transaction does not pay this challenge: it must transfer the amount to the recipient in one transferWithMemo " +
        "whose memo names the challenge, with nothing beside it but a swap before it."
    )
  }
  const fault = neverTaken(transaction)
  if (fault !== undefined) return yield* rejected(`${fault} Sign it again.`)
  const payment = yield* Effect.try({
    try: () => signed(transaction, BigInt(challenge.request["amount"] as string)),
    catch: () => rejected("The transaction's signature does not hold. Sign the transaction as it is sent.")
  })
  const { account, key } = payment
  const authorization = transaction.keyAuthorization as Signed | undefined
  const unauthorized = authorization && authorizationFault(authorization, account, key, merchant.chainId)
  if (unauthorized !== undefined) return yield* rejected(`${unauthorized} Sign it again.`)
  return payment
})

/**
 * Finds the signer: the address of the key, recovered (secp256k1), or of the public key that the signature brings and
 * is verified with (P256, WebAuthn).
 *
 * An access key's signature *names* the account that it spends from, and only the chain knows whether the account agrees
 * (`access-key.ts` asks). So the payer is the key, not the account: that much is proven, nobody can pass for somebody else,
 * and whoever signs again with the same key is known again.
 */
const signed = (transaction: TxEnvelopeTempo.TxEnvelopeTempo, price: bigint): Payment => {
  // Not `transaction.from`: that may be what the transaction says of itself.
  const { signature: envelope } = transaction
  if (envelope === undefined) throw new Error("not signed")
  if (envelope.type !== "keychain") {
    const signer = signerOf(TxEnvelopeTempo.getSignPayload(transaction), envelope) as Hex
    return { transaction, signer, account: signer, key: undefined, price }
  }
  // A key's signature of the first version does not name its account. Nodes take it no longer (Tempo T1C).
  if (envelope.version !== "v2") throw new Error("of an old version")
  const account = envelope.userAddress.toLowerCase() as Hex
  const signer = signerOf(TxEnvelopeTempo.getSignPayload(transaction, { from: account }), envelope.inner) as Hex
  return { transaction, signer, account, key: { address: signer, kind: envelope.inner.type }, price }
}

/** `transferWithMemo(address,uint256,bytes32)` of TIP-20, and the two calls by which stock clients swap into the currency. */
const transferWithMemo = "0x95777d59"
const swap = /^0x095ea7b3,0xf0122b75$/ // approve, swapExactAmountOut

const pays = (calls: Payment["transaction"]["calls"], challenge: Answer["challenge"], merchant: Merchant): boolean => {
  const transfer = calls.at(-1)
  const before = calls.slice(0, -1).map(({ data }) => data?.slice(0, 10).toLowerCase())
  if (before.length > 0 && !swap.test(before.join())) return false
  const data = transfer?.data?.toLowerCase() ?? ""
  const expected =
    transferWithMemo + word(BigInt(merchant.recipient)) + word(BigInt(challenge.request.amount as string))
  const memo = data.slice(expected.length)
  return (
    transfer?.to?.toLowerCase() === merchant.currency.toLowerCase() &&
    data.startsWith(expected) &&
    namesChallenge(`0x${memo}`, challenge)
  )
}

/** The bytes that nodes hash, whatever encoding the client chose: what is broadcast, and what the reference is of. */
export const canonical = ({ transaction }: Pick<Payment, "transaction">): Hex => TxEnvelopeTempo.serialize(transaction)
