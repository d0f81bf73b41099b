import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import * as TxEnvelopeTempo from "ox/tempo/TxEnvelopeTempo"
import type { Hex } from "viem"
import { PaymentRejected } from "../errors.ts"
import { encodeWord } from "./chain/abi.ts"
import { findRuleViolation } from "./chain/fees.ts"
import { rejected } from "./chain/rejections.ts"
import type { CheckedCredential } from "./challenges.ts"
import type { TempoConfig } from "./config.ts"
import { findAuthorizationFault, type SignedKeyAuthorization, signerOf } from "./wire/key-authorization.ts"
import { namesChallenge } from "./wire/memo.ts"
import { UNSUPPORTED_SIGNATURE } from "./wire/signature-bounds.ts"
import { findTransactionFault, type TransactionFault } from "./wire/transaction-bounds.ts"

/** A signed transaction that pays a challenge. It is checked without asking the chain. */
export interface SignedPayment {
  readonly transaction: TxEnvelopeTempo.TxEnvelopeTempo
  /** The address of the key that signed, in lower case. */
  readonly signer: Hex
  /** The account that pays, in lower case: the signer, or the account that the access key's signature names. */
  readonly account: Hex
  /** The access key that signed, if one did: address in lower case, and type. The chain says whether the account knows it. */
  readonly key: { readonly address: Hex; readonly kind: string } | undefined
  /** The address of the token that pays, in lower case: the one of the challenge. */
  readonly currency: Hex
  /** Base units of the currency. */
  readonly price: bigint
}

const faultTexts: Readonly<Record<TransactionFault, string>> = {
  unreadable: "The transaction cannot be read. Send a signed Tempo transaction (type 0x76) in RLP.",
  "too long": "The transaction is longer than 8,192 bytes. Sign one that makes the payment and nothing else.",
  signature: UNSUPPORTED_SIGNATURE,
  lists: "The transaction has an authorization list, and a payment needs none. Sign it without the list."
}

/** Reads the payment in a credential, finds its signer, and checks that it pays exactly this challenge. */
export const readPayment = Effect.fnUntraced(function* (
  { challenge, payload }: CheckedCredential,
  config: TempoConfig
) {
  const parsed = Methods.charge.schema.credential.payload.safeParse(payload)
  if (!parsed.success) {
    return yield* new PaymentRejected({
      problem: "malformed-credential",
      detail: 'The credential\'s payload cannot be read. Send {"type": "transaction", "signature": "0x76…"}.'
    })
  }
  if (parsed.data.type !== "transaction") {
    return yield* rejected(
      "Only pull mode is supported: send the signed transaction itself. The gateway does not see payments in push mode."
    )
  }
  const signature = parsed.data.signature
  const shape = findTransactionFault(signature as Hex)
  if (shape !== undefined) return yield* rejected(faultTexts[shape])
  const transaction = yield* Effect.try({
    try: () => TxEnvelopeTempo.deserialize(signature as TxEnvelopeTempo.Serialized),
    catch: () => rejected(faultTexts.unreadable)
  })
  if (!signature.startsWith(TxEnvelopeTempo.serializedType) || transaction.feePayerSignature !== undefined) {
    return yield* rejected(
      "The transaction names a fee payer or waits for one, and none is offered here. Sign one that pays its own fee."
    )
  }
  if (transaction.chainId !== config.chainId) {
    return yield* rejected(`The transaction is for chain ${transaction.chainId}. Sign it for chain ${config.chainId}.`)
  }
  // This throws if RLP holds a list where a transaction holds bytes. Such a transaction pays nothing.
  if (
    !(yield* Effect.orElseSucceed(
      Effect.try(() => paysChallenge(transaction.calls, challenge, config)),
      () => false
    ))
  ) {
    return yield* rejected(
      "The transaction does not pay this challenge: it must transfer the amount to the recipient in one transferWithMemo " +
        "whose memo names the challenge, with nothing beside it but a swap before it."
    )
  }
  const fault = findRuleViolation(transaction)
  if (fault !== undefined) return yield* rejected(`${fault} Sign it again.`)
  const payment = yield* Effect.try({
    try: () => ({
      ...readSigner(transaction),
      currency: currencyOf(challenge),
      price: BigInt(challenge.request["amount"] as string)
    }),
    catch: () => rejected("Invalid signature of the transaction. Sign the transaction as it is sent.")
  })
  const { account, key } = payment
  const authorization = transaction.keyAuthorization as SignedKeyAuthorization | undefined
  const unauthorized = authorization && findAuthorizationFault(authorization, account, key, config.chainId)
  if (unauthorized !== undefined) return yield* rejected(`${unauthorized} Sign it again.`)
  return payment
})

/**
 * Finds the signer: the address recovered from the signature (secp256k1), or the address of the public key that the
 * signature carries and is verified with (P256, WebAuthn).
 *
 * An access key's signature *names* the account that it spends from, and only the chain knows whether the account agrees
 * (`access-key.ts` asks). So the payer is the key and not the account: the signature proves the key, no client can pass for
 * another, and the same key is always the same payer.
 */
const readSigner = (transaction: TxEnvelopeTempo.TxEnvelopeTempo): Omit<SignedPayment, "currency" | "price"> => {
  const { signature: envelope, from, feePayerSignature } = transaction
  if (envelope === undefined) throw new Error("not signed")
  // ox has recovered this address from the signature when it read the transaction, and recovering it again would take as long as the rest of
  // the checks. A transaction that waits for a fee payer may name its sender in a field that proves nothing. It is refused above, and here
  // again, because another order of the checks must not let a client pass for another.
  if (envelope.type === "secp256k1") {
    if (from === undefined || feePayerSignature !== undefined) throw new Error("invalid signature")
    const signer = from.toLowerCase() as Hex
    return { transaction, signer, account: signer, key: undefined }
  }
  if (envelope.type !== "keychain") {
    const signer = signerOf(TxEnvelopeTempo.getSignPayload(transaction), envelope) as Hex
    return { transaction, signer, account: signer, key: undefined }
  }
  // A key's signature of the first version does not name its account. Nodes no longer accept it (Tempo T1C).
  if (envelope.version !== "v2") throw new Error("old version")
  const account = envelope.userAddress.toLowerCase() as Hex
  const signer = signerOf(TxEnvelopeTempo.getSignPayload(transaction, { from: account }), envelope.inner) as Hex
  return { transaction, signer, account, key: { address: signer, kind: envelope.inner.type } }
}

/** `transferWithMemo(address,uint256,bytes32)` of TIP-20, and the two calls by which stock clients swap into the currency. */
const TRANSFER_WITH_MEMO = "0x95777d59"
const SWAP_CALLS = /^0x095ea7b3,0xf0122b75$/ // approve, swapExactAmountOut

/** The token of a challenge that was checked to be the gateway's own. */
const currencyOf = ({ request }: CheckedCredential["challenge"]): Hex =>
  String(request["currency"]).toLowerCase() as Hex

const paysChallenge = (
  calls: SignedPayment["transaction"]["calls"],
  challenge: CheckedCredential["challenge"],
  config: TempoConfig
): boolean => {
  const transfer = calls.at(-1)
  const before = calls.slice(0, -1).map(({ data }) => data?.slice(0, 10).toLowerCase())
  if (before.length > 0 && !SWAP_CALLS.test(before.join())) return false
  const data = transfer?.data?.toLowerCase() ?? ""
  const expected =
    TRANSFER_WITH_MEMO + encodeWord(BigInt(config.recipient)) + encodeWord(BigInt(challenge.request.amount as string))
  const memo = data.slice(expected.length)
  return (
    transfer?.to?.toLowerCase() === currencyOf(challenge) &&
    data.startsWith(expected) &&
    namesChallenge(`0x${memo}`, challenge)
  )
}

/**
 * Returns the bytes that nodes hash, whatever encoding the client sent. The capture broadcasts them, and the reference is their
 * hash.
 */
export const canonical = ({ transaction }: Pick<SignedPayment, "transaction">): Hex =>
  TxEnvelopeTempo.serialize(transaction)
