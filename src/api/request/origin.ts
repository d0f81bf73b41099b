import type { Settings } from "../../config.ts"

/**
 * A URL whose host is a DNS name or an IP address, and its port. URLs may have hosts like `$(id)` as well, which must get into
 * no command that somebody pastes, and into no page.
 */
const PLAIN_ORIGIN = /^https?:\/\/(?:[a-z0-9._-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?(?=[/?#]|$)/i

/** Whether a URL's host is a plain one, in any case of letters. Looks at no more of the URL than its host and port. */
export const isPlainOrigin = (url: string): boolean => {
  const origin = PLAIN_ORIGIN.exec(url)?.[0]
  // A port of 99999, or an address of five numbers, has the form and is none.
  return origin !== undefined && URL.canParse(origin)
}

/**
 * The gateway's own address, without a slash at the end, for a request to `requestUrl`: `PUBLIC_ORIGIN` where it is set,
 * otherwise as the client wrote it in its `Host` header.
 */
export const makeOrigin = (settings: Settings["Service"]): ((requestUrl: string) => string) => {
  const { PUBLIC_ORIGIN } = settings
  return (requestUrl) => PUBLIC_ORIGIN ?? new URL(requestUrl).origin
}
