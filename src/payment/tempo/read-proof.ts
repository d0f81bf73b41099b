import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import { type Address, concat, hashTypedData, isAddress, keccak256 } from "viem"
import { PaymentRejected } from "../errors.ts"
import { signerOf } from "./wire/key-authorization.ts"
import type { Answer, Merchant } from "./charge.ts"
import { rejected } from "./chain/rejections.ts"
import { isSignature, KINDS } from "./wire/signature-bounds.ts"

/**
 * Finds who answered a challenge of amount 0: the lower-case address of the key that signed. The client answers it with
 * a proof, typed data (EIP-712) that names account, challenge and realm, and costs nothing.
 *
 * mppx's own check asks the chain whether a key that is not the account's may act for it. Here nothing is asked: who pays
 * is known by the key, not by the account (`Payment.ts`), and the key that signed is all that is compared.
 */
export const readProof = Effect.fnUntraced(function* (answer: Answer, merchant: Merchant) {
  const { challenge, payload, source } = answer
  const parsed = Methods.charge.schema.credential.payload.safeParse(payload)
  if (!parsed.success) {
    return yield* new PaymentRejected({
      problem: "malformed-credential",
      detail: 'The credential\'s payload cannot be read. It is {"type": "proof", "signature": "0x…"}.'
    })
  }
  if (parsed.data.type !== "proof") {
    return yield* rejected("This challenge asks for no money. Answer it with a proof, a signature over the challenge.")
  }
  const account = accountIn(source, merchant.chainId)
  if (account === undefined) {
    return yield* rejected(
      `A proof names its account in source: did:pkh:eip155:${merchant.chainId}: and the account's address.`
    )
  }
  const { signature } = parsed.data
  if (!isSignature(signature)) return yield* rejected(KINDS)
  return yield* Effect.try({
    try: () => proverOf(signature, digest(account, challenge, merchant.chainId), account),
    catch: () => rejected("The proof's signature does not hold. Sign the challenge as it was issued.")
  })
})

/** The account in `did:pkh:eip155:{chainId}:{address}` (CAIP-10), if it is one of this chain. */
const accountIn = (source: string | undefined, chainId: number): Address | undefined => {
  const prefix = `did:pkh:eip155:${chainId}:`
  const address = source?.startsWith(prefix) === true ? source.slice(prefix.length) : ""
  return isAddress(address) ? address : undefined
}

/** A client signs this: mppx's typed data for proofs, domain version 3. A test compares it with mppx's client. */
const digest = (account: Address, challenge: Answer["challenge"], chainId: number) =>
  hashTypedData({
    domain: { name: "MPP", version: "3", chainId },
    types: {
      Proof: [
        { name: "account", type: "address" },
        { name: "challengeId", type: "string" },
        { name: "realm", type: "string" }
      ]
    },
    primaryType: "Proof",
    message: { account, challengeId: challenge.id, realm: challenge.realm }
  })

const proverOf = (serialized: string, proof: `0x${string}`, account: Address): string => {
  const envelope = SignatureEnvelope.from(serialized as SignatureEnvelope.Serialized)
  const keychain = envelope.type === "keychain"
  if (keychain && envelope.userAddress.toLowerCase() !== account.toLowerCase()) throw new Error("another account's")
  const signature = keychain ? envelope.inner : envelope
  // An access key of the second version signs for one account only.
  const payload = keychain && envelope.version === "v2" ? keccak256(concat(["0x04", proof, account])) : proof
  const address = signerOf(payload, signature)
  // Recovering always yields some address: of a plain signature it is the account's, or the signature is of other data.
  if (!keychain && address !== account.toLowerCase()) throw new Error("another account's")
  return address
}
