import type { Settings } from "../../config.ts"

/**
 * A URL whose host is a DNS name or an IP address, with its port. Other URLs may have a host like `$(id)`, which must not get
 * into a page or into a command that people paste.
 */
const PLAIN_ORIGIN = /^https?:\/\/(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?(?=[/?#]|$)/i

/** The plain origin that the last request had. A service has one or a few, and to parse it takes longer than to compare it. */
let lastPlain: string | undefined

/** Whether a URL's host is plain, in upper or lower case. This reads only the host and port of the URL. */
export const isPlainOrigin = (url: string): boolean => {
  if (lastPlain !== undefined && url.startsWith(lastPlain) && url[lastPlain.length] === "/") return true
  const origin = PLAIN_ORIGIN.exec(url)?.[0]
  // A port of 99999 or an address of five numbers matches the pattern and is invalid.
  if (origin === undefined || !URL.canParse(origin)) return false
  lastPlain = origin
  return true
}

/**
 * Returns the gateway's own address, without a slash at the end, for a request to `requestUrl`. It is `PUBLIC_ORIGIN` if that
 * is set, otherwise the client's `Host` header.
 */
export const makeOrigin = (settings: Settings["Service"]): ((requestUrl: string) => string) => {
  const { PUBLIC_ORIGIN } = settings
  return (requestUrl) => PUBLIC_ORIGIN ?? new URL(requestUrl).origin
}
