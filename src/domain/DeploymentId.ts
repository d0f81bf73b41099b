import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto"

// Crockford's alphabet has no letter that looks like a digit.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

const ORDER_LENGTH = 20
const RANDOM_LENGTH = 10
const CHECK_LENGTH = 10
/** Ids of earlier releases end in this many random characters and have no check. */
const EARLIER_RANDOM_LENGTH = 6

const base32 = (bytes: Uint8Array, length: number): string =>
  Array.from({ length }, (_, index) => {
    const bit = index * 5
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0)
    return ALPHABET[(pair >> (11 - (bit & 7))) & 31]
  }).join("")

/** `length` random characters of Crockford's base32, in lower case: 5 bits each. */
export const randomText = (length: number): string => base32(randomBytes(Math.ceil((length * 5) / 8)), length)

/**
 * Returns the name of an order's object: 20 characters (100 bits) of the SHA-256 of payer, operation and body. Equal orders
 * share one object, and no other order gets it.
 */
export const orderName = (payer: string, operation: string, body: string): string =>
  base32(createHash("sha256").update(`${payer.toLowerCase()}\n${operation}\n${body}`).digest(), ORDER_LENGTH)

/**
 * Derives the key that checks deployment ids: 32 bytes as hexadecimal digits, made from `MPP_SECRET_KEY` by HKDF-SHA256 (RFC
 * 5869). The key does not reveal `MPP_SECRET_KEY` and cannot sign a challenge.
 */
export const idKey = (secret: string): string =>
  Buffer.from(hkdfSync("sha256", secret, "", "mpp-compute deployment id", 32)).toString("hex")

const checkOf = (key: string, payload: string): string =>
  base32(createHmac("sha256", Buffer.from(key, "hex")).update(payload).digest(), CHECK_LENGTH)

/**
 * Makes a fresh id for a deployment or for an execution (whose id appears in no answer): `dep_`, the order's name, 10 random
 * characters (50 bits) for this purchase, and a check of 10 characters (50 bits) over both.
 */
export const deploymentId = (order: string, key: string): string => {
  const payload = `${order}${randomText(RANDOM_LENGTH)}`
  return `dep_${payload}${checkOf(key, payload)}`
}

/** The parts of an id, which its form alone tells. */
export interface ParsedId {
  /** The name of the order that the id belongs to, unless a client invented the id. */
  readonly order: string
  /** The part that the check covers. */
  readonly payload: string
  /** Null for an id of an earlier release. */
  readonly check: string | null
}

// bounded: every part has a fixed length
const PATTERN = new RegExp(
  `^dep_(?=([${ALPHABET}]{${ORDER_LENGTH}}))` +
    `(?:([${ALPHABET}]{${ORDER_LENGTH + RANDOM_LENGTH}})([${ALPHABET}]{${CHECK_LENGTH}})` +
    `|[${ALPHABET}]{${ORDER_LENGTH + EARLIER_RANDOM_LENGTH}})$`
)

/**
 * Splits an id into its parts. Returns `undefined` for a text without the form of an id. It does not tell whether the gateway
 * has issued the id.
 */
export const parseId = (id: string): ParsedId | undefined => {
  const [, order, payload, check] = PATTERN.exec(id) ?? []
  if (order === undefined) return undefined
  return { order, payload: payload ?? id.slice("dep_".length), check: check ?? null }
}

/** Whether the id's check was made with this key. */
export const isCheckedBy = (key: string, { payload, check }: ParsedId): boolean =>
  check !== null && timingSafeEqual(Buffer.from(checkOf(key, payload)), Buffer.from(check))
