import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto"

// Crockford's alphabet: no letter that reads like a digit.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

const ORDER_LENGTH = 20
const RANDOM_LENGTH = 10
const CHECK_LENGTH = 10
/** Ids of earlier releases end in this many random characters, and have no check. */
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
 * The name of an order's object: 20 characters (100 bits) of the SHA-256 of payer, operation and body. The same three
 * always meet in the same object, and nobody else's do.
 */
export const orderName = (payer: string, operation: string, body: string): string =>
  base32(createHash("sha256").update(`${payer.toLowerCase()}\n${operation}\n${body}`).digest(), ORDER_LENGTH)

/**
 * The key that deployment ids are checked with: 32 bytes as hexadecimal digits, derived from `MPP_SECRET_KEY` by HKDF-SHA256
 * (RFC 5869), so that it says nothing about that one and signs no challenge.
 */
export const idKey = (secret: string): string =>
  Buffer.from(hkdfSync("sha256", secret, "", "mpp-compute deployment id", 32)).toString("hex")

const checkOf = (key: string, payload: string): string =>
  base32(createHmac("sha256", Buffer.from(key, "hex")).update(payload).digest(), CHECK_LENGTH)

/**
 * A fresh id of a deployment, or of an execution (whose id appears in no answer): `dep_`, the order's name, 10 random characters
 * (50 bits) for this purchase, and a check of 10 characters (50 bits) over both.
 */
export const deploymentId = (order: string, key: string): string => {
  const payload = `${order}${randomText(RANDOM_LENGTH)}`
  return `dep_${payload}${checkOf(key, payload)}`
}

/** An id says this by its form alone. */
export interface ParsedId {
  /** The name of the order that it belongs to, if it is no invention. */
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

/** Takes an id apart; `undefined` for what has the form of none. Says nothing about whether it was ever given to anybody. */
export const parseId = (id: string): ParsedId | undefined => {
  const [, order, payload, check] = PATTERN.exec(id) ?? []
  if (order === undefined) return undefined
  return { order, payload: payload ?? id.slice("dep_".length), check: check ?? null }
}

/** Whether an id's check was made with this key. */
export const isCheckedBy = (key: string, { payload, check }: ParsedId): boolean =>
  check !== null && timingSafeEqual(Buffer.from(checkOf(key, payload)), Buffer.from(check))
