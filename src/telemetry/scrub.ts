import { createHmac, randomBytes } from "node:crypto"
import * as Redacted from "effect/Redacted"
import type { Values } from "../config.ts"
import { redact } from "../logging.ts"

/** Addresses, hashes of transactions, and longer: all of them lead to a payer. */
const HEXADECIMAL = /0x[0-9a-f]{40,}/gi

/** The attributes that name a payer or a payment, in JSON. Another rail than Tempo's names them otherwise. */
const NAMES = /("key":"(?:enduser\.pseudo\.id|mpp_compute\.reference)","value":\{"stringValue":")((?:[^"\\]|\\.)*)/g

/** The most characters of a text that is sent. */
const MAX_LENGTH = 256

/** Cuts a text. A cut within a character leaves no half of it, because that is no Unicode, and collectors refuse the whole batch for it. */
export const cut = (text: string): string => text.slice(0, MAX_LENGTH).toWellFormed()

/**
 * Makes the function through which every request goes that is sent. It removes secrets, and replaces payers, references, and each address and
 * hash of a transaction by a keyed hash: equal ones stay equal, and nobody without `MPP_SECRET_KEY` can try out addresses. The tokens stay.
 */
export const makeScrub = ({ MPP_SECRET_KEY, TEMPO_CURRENCIES = [] }: Partial<Values>): ((text: string) => string) => {
  const secret = MPP_SECRET_KEY === undefined ? randomBytes(32) : Redacted.value(MPP_SECRET_KEY)
  const key = createHmac("sha256", secret).update("mpp-compute telemetry").digest()
  const tokens = new Set(TEMPO_CURRENCIES.map(({ address }) => address.toLowerCase()))
  return (text) => {
    const known = new Map<string, string>()
    const hashOf = (found: string): string => {
      const plain = found.toLowerCase()
      if (tokens.has(plain)) return found
      const hash = known.get(plain) ?? `hmac_${createHmac("sha256", key).update(plain).digest("hex").slice(0, 32)}`
      known.set(plain, hash)
      return hash
    }
    const named = redact(text).replace(NAMES, (_, attribute: string, value: string) => attribute + hashOf(value))
    return named.replace(HEXADECIMAL, hashOf)
  }
}
