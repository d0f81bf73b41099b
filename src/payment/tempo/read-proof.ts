import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import { type Address, concat, hashTypedData, isAddress, keccak256 } from "viem"
import { PaymentRejected } from "../errors.ts"
import { rejected } from "./chain/rejections.ts"
import type { CheckedCredential } from "./challenges.ts"
import type { TempoConfig } from "./config.ts"
import { signerOf } from "./wire/key-authorization.ts"
import { isSignature, UNSUPPORTED_SIGNATURE } from "./wire/signature-bounds.ts"

/**
 * Finds the signer of a proof, as a lower-case address. A client answers a challenge of amount 0 with a proof: typed data
 * (EIP-712) that names account, challenge and realm, and costs nothing.
 *
 * mppx's own check asks the chain whether an access key may act for its account. This one asks nothing, because the payer is
 * the key and not the account (`read-payment.ts`): callers compare only the key that signed.
 */
export const readProof = Effect.fnUntraced(function* (checked: CheckedCredential, config: TempoConfig) {
  const { challenge, payload, source } = checked
  const parsed = Methods.charge.schema.credential.payload.safeParse(payload)
  if (!parsed.success) {
    return yield* new PaymentRejected({
      problem: "malformed-credential",
      detail: 'The credential\'s payload cannot be read. It is {"type": "proof", "signature": "0x…"}.'
    })
  }
  if (parsed.data.type !== "proof") {
    return yield* rejected("This challenge asks for no money. Answer it with a proof: a signature over the challenge.")
  }
  const account = parseAccount(source, config.chainId)
  if (account === undefined) {
    return yield* rejected(
      `A proof must name its account in source: did:pkh:eip155:${config.chainId}: and the account's address.`
    )
  }
  const { signature } = parsed.data
  if (!isSignature(signature)) return yield* rejected(UNSUPPORTED_SIGNATURE)
  return yield* Effect.try({
    try: () => recoverSigner(signature, proofDigest(account, challenge, config.chainId), account),
    catch: () => rejected("Invalid signature of the proof. Sign the challenge as it was issued.")
  })
})

/** Reads the account in `did:pkh:eip155:{chainId}:{address}` (CAIP-10), if it is on this chain. */
const parseAccount = (source: string | undefined, chainId: number): Address | undefined => {
  const prefix = `did:pkh:eip155:${chainId}:`
  const address = source?.startsWith(prefix) === true ? source.slice(prefix.length) : ""
  return isAddress(address) ? address : undefined
}

/** The client signs this digest of mppx's typed data for proofs, domain version 3. A test compares it with mppx's client. */
const proofDigest = (account: Address, challenge: CheckedCredential["challenge"], chainId: number) =>
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

const recoverSigner = (serialized: string, proof: `0x${string}`, account: Address): string => {
  const envelope = SignatureEnvelope.from(serialized as SignatureEnvelope.Serialized)
  const keychain = envelope.type === "keychain"
  if (keychain && envelope.userAddress.toLowerCase() !== account.toLowerCase())
    throw new Error("signed for another account")
  const signature = keychain ? envelope.inner : envelope
  // The second version of an access key's signature covers the account too.
  const payload = keychain && envelope.version === "v2" ? keccak256(concat(["0x04", proof, account])) : proof
  const address = signerOf(payload, signature)
  // Recovery always yields some address. A plain signature over this data yields the account's own.
  if (!keychain && address !== account.toLowerCase()) throw new Error("signed for another account")
  return address
}
