import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/** The name that the operator signs in with. */
const OPERATOR_NAME = "operator"

/** A form can be sent this long after its page was made, in seconds. */
const FORM_SECONDS = 12 * 3600

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Base64 of a name and a password. The header's own limit is far above. */
// bounded: 1,000 characters
const BASIC = /^basic ([A-Za-z0-9+/]{1,1000}={0,2})$/i

/**
 * Whether an `Authorization` header has the operator's name and token (HTTP Basic, RFC 7617). It compares hashes of equal length in
 * constant time, and does the same work for every header. There is no limit of tries and nobody is locked out, because a token
 * has at least 32 characters: nobody guesses one, and a limit would keep out its holder.
 */
export const isOperator = (authorization: string | undefined, token: string): boolean => {
  const encoded = BASIC.exec(authorization ?? "")?.[1] ?? ""
  const given = Buffer.from(encoded, "base64").toString("utf8")
  return timingSafeEqual(digest(given), digest(`${OPERATOR_NAME}:${token}`))
}

const signature = (token: string, path: string, until: number): string =>
  createHmac("sha256", digest(`mpp-compute operator form ${token}`))
    .update(`${until} ${path}`)
    .digest("hex")

/**
 * Returns the secret of a form that posts to `path`. A browser sends the operator's password with the form of any page, so the password
 * does not prove that the operator has seen the form. Only a page of `/operator` can have this secret, because no other page can
 * read it there. `now` in unix milliseconds.
 */
export const formSecret = (token: string, path: string, now: number): string => {
  const until = Math.floor(now / 1000) + FORM_SECONDS
  return `${until}.${signature(token, path, until)}`
}

/** Whether the secret belongs to a form that posts to `path`, and is not too old. `now` in unix milliseconds. */
export const isFormSecret = (secret: string, token: string, path: string, now: number): boolean => {
  const [, until, given] = /^(\d{1,12})\.([0-9a-f]{64})$/.exec(secret) ?? []
  if (until === undefined || given === undefined || Number(until) * 1000 < now) return false
  return timingSafeEqual(Buffer.from(signature(token, path, Number(until))), Buffer.from(given))
}

/**
 * Whether a browser says that a page of another site has made the request (Fetch Metadata, and `Origin`). Programs send neither
 * header. Old browsers send none of them either, for which the secret of the form remains.
 */
export const isForeign = (headers: Headers, ownOrigins: ReadonlyArray<string>): boolean => {
  const site = headers.get("sec-fetch-site")
  const origin = headers.get("origin")
  return (site !== null && site !== "same-origin") || (origin !== null && !ownOrigins.includes(origin))
}
