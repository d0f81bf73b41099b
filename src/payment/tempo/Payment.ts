import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import type { Hex } from "viem"
import { PaymentRejected } from "../errors.ts"
import { namesChallenge } from "./Memo.ts"
import type { Answer, Merchant } from "./Offer.ts"
import { type Misshapen, misshapen } from "./transaction-bounds.ts"
import { KINDS } from "./signature-bounds.ts"
import { word } from "./words.ts"

/** A signed transaction that pays a challenge: read and checked without asking the chain. */
export interface Payment {
  readonly transaction: TxEnvelopeTempo.TxEnvelopeTempo
  /** The address of the key that signed, in lower case. */
  readonly signer: string
}

const rejected = (detail: string) => new PaymentRejected({ problem: "verification-failed", detail })

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
  const fault = misshapen(signature as Hex)
  if (fault !== undefined) return yield* rejected(faults[fault])
  const transaction = yield* Effect.try({
    try: () => TxEnvelopeTempo.deserialize(signature as TxEnvelopeTempo.Serialized),
    catch: () => rejected(faults.unreadable)
  })
  if (!signature.startsWith(TxEnvelopeTempo.serializedType) || transaction.feePayerSignature === null) {
    return yield* rejected(
      "The transaction waits for a fee payer, and no fees are paid here. Sign one that pays its own."
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
  if (transaction.signature?.type === "keychain" && transaction.signature.version !== "v2") {
    return yield* rejected(
      "The access key's signature is of version 1, which the chain no longer takes. Sign with version 2."
    )
  }
  const signer = yield* Effect.try({
    try: () => signerOf(transaction),
    catch: () => rejected("The transaction's signature does not hold. Sign the transaction as it is sent.")
  })
  return { transaction, signer } satisfies Payment
})

/**
 * The address of the key that signed: recovered (secp256k1), or of the public key that the signature brings along and is
 * verified with (P256, WebAuthn).
 *
 * An access key's signature *names* the account that it spends from, and only the chain knows whether the account agrees;
 * a simulation does not ask. So the payer is the key, not the account: that much is proven, nobody can pass for somebody
 * else, and whoever signs again with the same key is known again. Whether the account pays shows when it does.
 */
const signerOf = (transaction: TxEnvelopeTempo.TxEnvelopeTempo): string => {
  // Not `transaction.from`: that may be what the transaction says of itself.
  const { signature: envelope } = transaction
  if (envelope === undefined) throw new Error("not signed")
  const keychain = envelope.type === "keychain"
  const signature = keychain ? envelope.inner : envelope
  const named = keychain && envelope.version !== "v1" ? { from: envelope.userAddress } : {}
  const payload = TxEnvelopeTempo.getSignPayload(transaction, named)
  const address = SignatureEnvelope.extractAddress({ payload, signature })
  // An address that was recovered from a signature is all the verifying there is to that one.
  const recovered = signature.type === "secp256k1"
  if (!recovered && !SignatureEnvelope.verify(signature, { address, payload })) throw new Error("does not hold")
  return address.toLowerCase()
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
export const canonical = ({ transaction }: Payment): Hex => TxEnvelopeTempo.serialize(transaction)
