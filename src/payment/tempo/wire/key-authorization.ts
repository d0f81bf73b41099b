import * as KeyAuthorization from "ox/tempo/KeyAuthorization"
import * as SignatureEnvelope from "ox/tempo/SignatureEnvelope"
import { encodeAbiParameters, type Hex } from "viem"
import { selectorOf } from "../chain/abi.ts"

/** An access key's authorization as it travels with a transaction. */
export type Signed = KeyAuthorization.KeyAuthorization

/** The numbers that the keychain has for kinds of keys (Tempo's interface `IAccountKeychain`). */
export const kinds: ReadonlyArray<string> = ["secp256k1", "p256", "webAuthn"]

/** The address that a signature is by: recovered from it, or of the public key that it brings along, verified. */
export const signerOf = (payload: Hex, signature: SignatureEnvelope.SignatureEnvelope): string => {
  const address = SignatureEnvelope.extractAddress({ payload, signature })
  // An address that was recovered from a signature is all the verifying there is to that one.
  if (signature.type !== "secp256k1" && !SignatureEnvelope.verify(signature, { address, payload })) {
    throw new Error("does not hold")
  }
  return address.toLowerCase()
}

const isSignedBy = (account: string, authorization: Signed): boolean => {
  const { signature } = authorization
  if (signature === undefined || !kinds.includes(signature.type)) return false
  try {
    return signerOf(KeyAuthorization.getSignPayload(authorization), signature) === account
  } catch {
    return false
  }
}

/**
 * Why an authorization in a transaction is not the account's own, for this chain and the key that signs the transaction.
 * Only the account's own key authorizes here: whether an admin key may (TIP-1049) is more than a payment should need.
 *
 * @param account whose transaction it is, in lower case.
 * @param key the access key that signed the transaction, in lower case, and its kind; none, if the account itself did.
 */
export const authorizationFault = (
  authorization: Signed,
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
    return "An access key can bring its own authorization only, and not another key's."
  }
  if (key !== undefined && authorization.type !== key.kind) {
    return "The access key's authorization is for a key of another type."
  }
  if (!isSignedBy(account, authorization)) {
    return "The access key's authorization must be signed by the account that pays, with its own key."
  }
  return undefined
}

const limit = { type: "tuple", components: [{ type: "address" }, { type: "uint256" }, { type: "uint64" }] } as const
const rule = { type: "tuple", components: [{ type: "bytes4" }, { type: "address[]" }] } as const
const scope = {
  type: "tuple",
  components: [{ type: "address" }, { ...rule, type: "tuple[]" }]
} as const
const restrictions = {
  type: "tuple",
  components: [
    { type: "uint64" },
    { type: "bool" },
    { ...limit, type: "tuple[]" },
    { type: "bool" },
    { ...scope, type: "tuple[]" }
  ]
} as const

const signature =
  "authorizeKey(address,uint8,(uint64,bool,(address,uint256,uint64)[],bool,(address,(bytes4,address[])[])[])"

/** The call by which the account would authorize the key itself: the chain says of it what it says of the authorization. */
export const authorizeCall = (authorization: Signed): Hex => {
  const { address, type, expiry, limits, witness } = authorization
  // As it was signed: one scope may have several rules, which ox lists one by one.
  const [[, , , , , scopes = "0x"]] = KeyAuthorization.toTuple(authorization)
  const config = [
    BigInt(expiry ?? 2n ** 64n - 1n),
    limits !== undefined,
    (limits ?? []).map(({ token, limit, period }) => [token, limit, BigInt(period ?? 0)] as const),
    scopes === "0x",
    scopes === "0x" ? [] : scopes
  ] as const
  const head = [{ type: "address" }, { type: "uint8" }, restrictions] as const
  const values = [address, kinds.indexOf(type), config] as const
  return (
    witness === undefined
      ? `${selectorOf(`${signature})`)}${encodeAbiParameters(head, values as never).slice(2)}`
      : `${selectorOf(`${signature},bytes32)`)}${encodeAbiParameters([...head, { type: "bytes32" }], [...values, witness] as never).slice(2)}`
  ) as Hex
}
