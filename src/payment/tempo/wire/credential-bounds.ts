import { Credential } from "mppx"
import * as Effect from "effect/Effect"
import { PaymentRejected } from "../../errors.ts"

/*
 * Bounds credentials in linear time before a library reads them, because clients can send anything: ox's base64 and mppx's
 * pattern for the scheme are quadratic (48 KB of "=" or of blanks cost 6 s), and canonical JSON recurses.
 *
 * A stock client's credential has about 2 KB; 13 KB with a passkey's signature and an access key's authorization by another.
 */

/** The most characters of a credential, its scheme included. */
const MAX_CREDENTIAL = 32_768

/** The most characters of a challenge's fields. The gateway's own have 700. */
const MAX_CHALLENGE = 8_192

/**
 * The most fields of a challenge (mppx knows 11) and of its `opaque` (the gateway's has 5), which early clients sent as an
 * object.
 */
const MAX_FIELDS = 16

/** The most levels of a credential and of the request in its challenge. The gateway's have 3. */
const MAX_DEPTH = 8

/** The scheme and a token68 in base64 or base64url (RFC 9110, 11.2), of which each character can be matched in one way only. */
const CREDENTIAL = /^payment[ \t]+([\w+/-]+={0,2})$/i
const BASE64URL = /^[\w+/-]*={0,2}$/

const malformed = new PaymentRejected({
  problem: "malformed-credential",
  detail:
    'The credential cannot be read. Send "Payment " and the base64url of a JSON object with challenge and payload, ' +
    `at most ${MAX_CREDENTIAL} characters in all.`
})

/** Whether JSON text has at most `MAX_DEPTH` levels. Brackets within strings do not count. */
const isShallow = (json: string): boolean => {
  let depth = 0
  let quoted = false
  for (let i = 0; i < json.length; i++) {
    const character = json[i]
    if (quoted) {
      if (character === "\\") i++
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === "{" || character === "[") {
      if (++depth > MAX_DEPTH) return false
    } else if (character === "}" || character === "]") depth--
  }
  return true
}

const decode = (text: string): string => Buffer.from(text, "base64url").toString()

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_CHALLENGE
const isBase64url = (value: unknown): value is string => isText(value) && BASE64URL.test(value)

/** Whether a value is an object of at most `MAX_FIELDS` strings, together no longer than a challenge. */
const isFlat = (value: unknown): value is Readonly<Record<string, string>> => {
  if (typeof value !== "object" || value === null) return false
  const entries = Object.entries(value)
  return (
    entries.length <= MAX_FIELDS &&
    entries.every(([, text]) => isText(text)) &&
    entries.reduce((length, [name, text]) => length + name.length + text.length, 0) <= MAX_CHALLENGE
  )
}

const isBounded = (credential: string): boolean => {
  const encoded = credential.length <= MAX_CREDENTIAL ? CREDENTIAL.exec(credential)?.[1] : undefined
  if (encoded === undefined) return false
  const json = decode(encoded)
  if (!isShallow(json)) return false
  const { challenge } = JSON.parse(json) as { readonly challenge: Readonly<Record<string, unknown>> }
  const { opaque = "", ...texts } = challenge
  return (
    isFlat(texts) &&
    isBase64url(texts["request"]) &&
    isShallow(decode(texts["request"])) &&
    (isBase64url(opaque) || isFlat(opaque))
  )
}

/** Reads a credential with mppx if it is within these bounds. This does not verify its content. */
export const readCredential = (
  credential: string
): Effect.Effect<ReturnType<typeof Credential.deserialize>, PaymentRejected> =>
  Effect.try({
    try: () => {
      if (!isBounded(credential)) throw malformed
      return Credential.deserialize(credential)
    },
    catch: () => malformed
  })
