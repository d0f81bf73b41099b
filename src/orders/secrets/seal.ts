import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"

/** Secrets by name, each one encrypted: base64 of nonce, tag and ciphertext. */
export type Sealed = Readonly<Record<string, string>>

/** AES-256-GCM with a random nonce for each secret (NIST SP 800-38D): the lengths of nonce and tag in bytes. */
const ALGORITHM = "aes-256-gcm"
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Derives the key of one order's secrets: 32 bytes, made from `MPP_SECRET_KEY` by HKDF-SHA256 (RFC 5869) with the order's name
 * as salt. The key does not reveal `MPP_SECRET_KEY`, and opens the secrets of no other order.
 */
export const orderKey = (secret: string, order: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, order, "mpp-compute env 1", 32))

/** Encrypts a secret. Its name is authenticated with it, so that two sealed secrets cannot change places. */
export const seal = (key: Uint8Array, name: string, value: string): string => {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(name))
  const ciphertext = Buffer.concat([cipher.update(value, "utf8"), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString("base64")
}

/**
 * Decrypts a secret.
 *
 * @throws {Error} without the secret in it, if the key or the name is another one or a byte has changed.
 */
export const open = (key: Uint8Array, name: string, sealed: string): string => {
  const bytes = Buffer.from(sealed, "base64")
  const body = bytes.subarray(NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(name))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8")
}
