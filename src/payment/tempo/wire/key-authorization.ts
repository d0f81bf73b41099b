import * as KeyAuthorization from "ox/tempo/KeyAuthorization"
import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import { encodeAbiParameters, type Hex } from "viem"
import { selectorOf } from "../chain/abi.ts"

/** An access key's authorization, as a transaction carries it. */
export type SignedKeyAuthorization = KeyAuthorization.KeyAuthorization

/** The types of keys, each at its number in the keychain (Tempo's interface `IAccountKeychain`). */
export const KEY_TYPES: ReadonlyArray<string> = ["secp256k1", "p256", "webAuthn"]

/**
 * Returns the signer's address. It is recovered from the signature, or it is that of the public key that the signature carries
 * and is verified with.
 */
export const signerOf = (payload: Hex, signature: SignatureEnvelope.SignatureEnvelope): string => {
  const address = SignatureEnvelope.extractAddress({ payload, signature })
  // Recovering the address already verifies a secp256k1 signature.
  if (signature.type !== "secp256k1" && !SignatureEnvelope.verify(signature, { address, payload })) {
    throw new Error("invalid signature")
  }
  return address.toLowerCase()
}

const isSignedBy = (account: string, authorization: SignedKeyAuthorization): boolean => {
  const { signature } = authorization
  if (signature === undefined || !KEY_TYPES.includes(signature.type)) return false
  try {
    return signerOf(KeyAuthorization.getSignPayload(authorization), signature) === account
  } catch {
    return false
  }
}

/**
 * Finds the reason why an authorization in a transaction is not valid for this account, chain and access key. It must be
 * signed by the account's own key: a payment does not need authorizations by admin keys (TIP-1049).
 *
 * @param account the account that pays, in lower case.
 * @param key the access key that signed the transaction, in lower case, and its type; `undefined` if the account signed.
 * @returns a sentence for the client, or `undefined` for a valid authorization.
 */
export const findAuthorizationFault = (
  authorization: SignedKeyAuthorization,
  account: string,
  key: { readonly address: string; readonly kind: string } | undefined,
  chainId: number
): string | undefined => {
  if (authorization.chainId !== BigInt(chainId)) return `The access key's authorization must be for chain ${chainId}.`
  if (authorization.isAdmin === true)
    return "Payments do not authorize admin keys. Authorize the key in a transaction of its own."
  if (authorization.account !== undefined && authorization.account.toLowerCase() !== account) {
    return "The access key's authorization is for another account."
  }
  if (key !== undefined && authorization.address.toLowerCase() !== key.address) {
    return "A transaction that an access key signs may carry the authorization of that key only."
  }
  if (key !== undefined && authorization.type !== key.kind) {
    return "The access key's authorization is for a key of another type."
  }
  if (!isSignedBy(account, authorization)) {
    return "The access key's authorization must be signed by the account that pays, with its own key."
  }
  return undefined
}

const LIMIT = { type: "tuple", components: [{ type: "address" }, { type: "uint256" }, { type: "uint64" }] } as const
const RULE = { type: "tuple", components: [{ type: "bytes4" }, { type: "address[]" }] } as const
const SCOPE = {
  type: "tuple",
  components: [{ type: "address" }, { ...RULE, type: "tuple[]" }]
} as const
const RESTRICTIONS = {
  type: "tuple",
  components: [
    { type: "uint64" },
    { type: "bool" },
    { ...LIMIT, type: "tuple[]" },
    { type: "bool" },
    { ...SCOPE, type: "tuple[]" }
  ]
} as const

const AUTHORIZE_KEY =
  "authorizeKey(address,uint8,(uint64,bool,(address,uint256,uint64)[],bool,(address,(bytes4,address[])[])[])"

/**
 * Encodes the call by which the account would authorize the key itself. The chain applies the same rules to it as to the
 * authorization.
 */
export const encodeAuthorizeKey = (authorization: SignedKeyAuthorization): Hex => {
  const { address, type, expiry, limits, witness } = authorization
  // The scopes come from the signed tuple. One scope may have several rules there, while ox lists each rule as a scope.
  const [[, , , , , scopes = "0x"]] = KeyAuthorization.toTuple(authorization)
  const config = [
    BigInt(expiry ?? 2n ** 64n - 1n),
    limits !== undefined,
    (limits ?? []).map(({ token, limit, period }) => [token, limit, BigInt(period ?? 0)] as const),
    scopes === "0x",
    scopes === "0x" ? [] : scopes
  ] as const
  const head = [{ type: "address" }, { type: "uint8" }, RESTRICTIONS] as const
  const values = [address, KEY_TYPES.indexOf(type), config] as const
  return (
    witness === undefined
      ? `${selectorOf(`${AUTHORIZE_KEY})`)}${encodeAbiParameters(head, values as never).slice(2)}`
      : `${selectorOf(`${AUTHORIZE_KEY},bytes32)`)}${encodeAbiParameters([...head, { type: "bytes32" }], [...values, witness] as never).slice(2)}`
  ) as Hex
}
