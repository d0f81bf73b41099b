import type { Hex } from "viem"

/*
 * Checks serialized signatures by their first bytes and their length before ox reads them, because ox looks for the parts of
 * a passkey's signature in quadratic time, and accepts access keys within access keys without limit.
 *
 * | first byte | kind                                   | bytes                                     |
 * |------------|----------------------------------------|-------------------------------------------|
 * | any        | secp256k1                                    | 65                                |
 * | 0x01       | P256                                         | 130                               |
 * | 0x02       | WebAuthn                                     | 1, the passkey's data, and 128    |
 * | 0x03, 0x04 | access key: an account, and one of the above | 21 and the other's                |
 *
 * Tempo's other kind (0x05, accounts of several owners) is not supported: none of the owners is the payer.
 */

/** Tells a client which signatures are supported. */
export const UNSUPPORTED_SIGNATURE =
  "A signature is of an unsupported kind, or cannot be read. Sign with secp256k1 (65 bytes), P256 (130 bytes) or a " +
  "passkey (WebAuthn, up to 2,049 bytes), by the account itself or by one access key of it."

const SECP256K1 = 65
/** Half the order of secp256k1: a signature has two possible values of s, and nodes accept the smaller one. */
const MAX_S = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
const P256 = 130
/** Tempo's limit (`MAX_WEBAUTHN_SIGNATURE_LENGTH`), and the kind's byte. */
const MAX_WEBAUTHN = 2_049
/** The longest signature, within an access key's envelope. */
const MAX_SIGNATURE = 21 + MAX_WEBAUTHN
/** The bytes of the authenticator's data before the client's JSON: 37, as Tempo accepts no extensions. */
const AUTHENTICATOR_DATA = 37

/** 32 bytes that may follow a signature which a contract checks (the idea of ERC-6492, Tempo's value). ox drops them. */
const MAGIC_SUFFIX = "77".repeat(32)

const sizeOf = (digits: string): number => digits.length / 2

/** Whether a passkey's signature has the client's JSON at the place where Tempo expects it. ox finds it there at once. */
const isWebAuthn = (digits: string): boolean => {
  if (sizeOf(digits) > MAX_WEBAUTHN) return false
  const client = Buffer.from(digits.slice(2 + AUTHENTICATOR_DATA * 2, -128 * 2), "hex").toString()
  if (!client.startsWith("{") || !client.endsWith("}")) return false
  try {
    JSON.parse(client)
    return true
  } catch {
    return false
  }
}

const isPrimitive = (digits: string): boolean => {
  if (sizeOf(digits) === SECP256K1) return digits.slice(64, 128) <= MAX_S
  if (digits.startsWith("01")) return sizeOf(digits) === P256
  return digits.startsWith("02") && isWebAuthn(digits)
}

/** Whether a serialized signature is of a supported kind, and can be read in linear time. */
export const isSignature = (signature: unknown): signature is Hex => {
  if (typeof signature !== "string" || signature.length > 2 + (MAX_SIGNATURE + 32) * 2) return false
  const whole = signature.slice(2).toLowerCase()
  const digits = whole.endsWith(MAGIC_SUFFIX) ? whole.slice(0, -MAGIC_SUFFIX.length) : whole
  if (digits.endsWith(MAGIC_SUFFIX)) return false
  return isPrimitive(digits) || (/^0[34]/.test(digits) && isPrimitive(digits.slice(42)))
}
