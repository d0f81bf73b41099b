import * as Rlp from "ox/Rlp"
import { type Hex, hexToBytes } from "viem"
import { isSignature } from "./signature-bounds.ts"

/*
 * Checks a serialized Tempo transaction before a library reads it: its length, the number of items in its RLP, how deep they
 * nest, and their signatures. A payment has 300 bytes; with an access key's authorization and two passkeys' signatures it may
 * have 6,000.
 */

const MAX_BYTES = 8_192

/** The most items of RLP. An access key for 16 contracts, each with 3 functions for 3 recipients, takes 300. */
const MAX_ITEMS = 512

/** The depth of recipients: transaction, authorization and its signature, fields, scopes, scope, rules, rule, recipients. */
const MAX_DEPTH = 8

/** The indexes of the integers, which RLP writes without leading zeros, and of other fields (Tempo transaction, "RLP encoding"). */
const INTEGERS = [0, 1, 2, 3, 6, 7, 8, 9]
const MAX_INTEGER = 32
const FEE_TOKEN = 10
const AUTHORIZATION_LIST = 12
const KEY_AUTHORIZATION = 13

/** Items of RLP: bytes, or lists of items. */
type Items = Hex | ReadonlyArray<Items>

/** Whether bytes are one well-formed item of RLP: each list is as long as its items, and no list nests too deeply. */
const isBounded = (bytes: Uint8Array): boolean => {
  let items = 0
  /** The end of the item at `at`; NaN if it is malformed, or ends after `end`. */
  const endOf = (at: number, end: number, depth: number): number => {
    const prefix = bytes[at]
    if (prefix === undefined || at >= end || ++items > MAX_ITEMS) return Number.NaN
    if (prefix < 0x80) return at + 1
    const base = prefix < 0xc0 ? 0x80 : 0xc0
    const digits = Math.max(0, prefix - base - 55)
    if (digits > 2) return Number.NaN
    let length = digits === 0 ? prefix - base : 0
    for (let i = 1; i <= digits; i++) length = length * 256 + (bytes[at + i] ?? Number.NaN)
    const start = at + 1 + digits
    const stop = start + length
    if (!(stop <= end) || (base === 0xc0 && depth === MAX_DEPTH)) return Number.NaN
    if (base === 0x80) return stop
    let next = start
    while (next < stop) next = endOf(next, stop, depth + 1)
    return next
  }
  return endOf(0, bytes.length, 0) === bytes.length
}

const isInteger = (item: Items | undefined): boolean =>
  typeof item === "string" && item.length <= 2 + MAX_INTEGER * 2 && !item.startsWith("0x00")

/** The reason why the gateway refuses a transaction before it reads it. */
export type TransactionFault = "unreadable" | "too long" | "signature" | "lists"

/**
 * Checks that a serialized transaction can be read at little cost, and has only parts that a payment needs.
 *
 * @param serialized `0x76` and RLP, or any hexadecimal that a client sent.
 * @returns the fault, or `undefined` for a transaction that can be read.
 */
export const findTransactionFault = (serialized: Hex): TransactionFault | undefined => {
  if (serialized.length > 2 + MAX_BYTES * 2) return "too long"
  if (serialized.length % 2 !== 0) return "unreadable"
  const rlp: Hex = `0x${serialized.slice(4)}`
  if (!isBounded(hexToBytes(rlp))) return "unreadable"
  const fields = Rlp.toHex(rlp) as Items
  if (typeof fields === "string" || fields.length < KEY_AUTHORIZATION + 1) return "unreadable"
  if (!INTEGERS.every((index) => isInteger(fields[index]))) return "unreadable"
  const feeToken = fields[FEE_TOKEN]
  if (feeToken !== "0x" && feeToken?.length !== 42) return "unreadable"
  if (fields[AUTHORIZATION_LIST]?.length !== 0) return "lists"
  const last = fields.at(-1)
  const authorization = fields.length > KEY_AUTHORIZATION + 1 ? fields[KEY_AUTHORIZATION] : undefined
  if (!isSignature(last)) return "signature"
  if (authorization === undefined) return undefined
  return typeof authorization !== "string" && isSignature(authorization[1]) ? undefined : "signature"
}
