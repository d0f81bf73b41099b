/** One way to pay, in the form of discovery documents (payment discovery, "Payment Offer Object"). */
export interface PaymentOffer {
  readonly intent: string
  readonly method: string
  /** Base units of the currency, an integer. */
  readonly amount: string
  /** On Tempo: the token's address. */
  readonly currency: string
}

// bounded: a challenge of our own, of some 1,000 characters
/** One parameter of a challenge, after the scheme's name where it is the first (RFC 9110, 11.3). */
const PARAMETER = /(?:\b(Payment)\s+)?([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/gi

const parseChallenges = (header: string): ReadonlyArray<ReadonlyMap<string, string>> => {
  const challenges: Array<Map<string, string>> = []
  for (const [, scheme, name = "", quoted, token] of header.matchAll(PARAMETER)) {
    if (scheme !== undefined) challenges.push(new Map())
    challenges.at(-1)?.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? token ?? "")
  }
  return challenges
}

/**
 * Reads the offers in the gateway's own `WWW-Authenticate` header. Discovery announces the terms of a challenge, so that the
 * two cannot differ with any payment method.
 */
export const readOffers = (header: string): ReadonlyArray<PaymentOffer> =>
  parseChallenges(header).map((parameters) => {
    const json = Buffer.from(parameters.get("request") ?? "", "base64url").toString()
    const request = JSON.parse(json) as Readonly<Record<string, unknown>>
    return {
      intent: parameters.get("intent") ?? "",
      method: parameters.get("method") ?? "",
      amount: String(request["amount"]),
      currency: String(request["currency"])
    }
  })
