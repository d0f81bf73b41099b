import { createHmac } from "node:crypto"
import { Challenge, PaymentRequest } from "mppx"
import { Methods } from "mppx/tempo"
import type { Terms } from "../PaymentService.ts"
import type { TempoConfig } from "./config.ts"
import { type Binding, encodeBinding } from "./wire/binding.ts"
import { digestOf } from "./wire/digest.ts"

/** The header of all challenges of one price, description and token, with gaps for id, digest, expiry and opaque data. */
interface HeaderTemplate {
  /** The fields that the HMAC covers before the expiry. */
  readonly covered: string
  /** The text before, between and after the four gaps. */
  readonly parts: readonly [string, string, string, string, string]
}

/** Marks the gaps of a template. No text of the gateway has these control characters. */
const GAPS = { id: "\u0001", expires: "\u0002", opaque: "\u0003" } as const

/** A digest goes before this parameter. A request without a body has none. */
const AFTER_DIGEST = 'expires="'

const makeTemplate = (realm: string, request: Record<string, unknown>, description: string): HeaderTemplate => {
  const { name: method, intent } = Methods.charge
  const [before = "", ...rest] = Challenge.serialize({ ...GAPS, realm, method, intent, request, description }).split(
    // eslint-disable-next-line no-control-regex -- the gaps
    /[\u0001-\u0003]/
  )
  const [afterId = "", afterExpires = "", after = ""] = rest
  return {
    covered: [realm, method, intent, PaymentRequest.serialize(request)].join("|"),
    parts: [before, afterId.slice(0, -AFTER_DIGEST.length), AFTER_DIGEST, afterExpires, after]
  }
}

/**
 * Issues challenges: the value of `WWW-Authenticate`, with one challenge for each token. mppx writes the header of each price,
 * description and token once. Each challenge then costs one HMAC and filling the gaps, a sixth of the time of `Challenge.from`
 * and `serialize`. The HMAC covers the fields in fixed slots, which are empty for absent fields (mppx,
 * `Challenge.idBindingInput`). A test compares the result with mppx's, byte for byte.
 *
 * A proof moves no token, so that one challenge is enough: the first, which stock clients sign whatever their account holds.
 *
 * @param requestsOf returns the requests of a price, one for each token, as mppx normalizes them.
 * @returns a function of terms, binding, and expiry as ISO 8601. The tokens of `first` come before the others.
 */
export const makeIssueChallenge = (
  { realm, secretKey, untaken }: Pick<TempoConfig, "realm" | "secretKey" | "untaken">,
  requestsOf: (price: string) => ReadonlyArray<Record<string, unknown>>
) => {
  const known = new Map<string, ReadonlyArray<HeaderTemplate>>()
  const templatesFor = ({ price, description }: Terms, first: ReadonlyArray<string>): ReadonlyArray<HeaderTemplate> => {
    const name = `${price} ${first.join()} ${untaken.size} ${description}`
    const found = known.get(name)
    if (found !== undefined) return found
    const requests = requestsOf(price)
    const all = requests.toSorted((one, other) => rank(first, one) - rank(first, other))
    const taken = all.filter(({ currency }) => !untaken.has(String(currency).toLowerCase()))
    // A 402 needs a challenge, also if every token is wrong.
    const offered = Number(price) === 0 ? all.slice(0, 1) : taken.length === 0 ? all : taken
    const made = offered.map((request) => makeTemplate(realm, request, description))
    known.set(name, made)
    return made
  }

  return (
    terms: Terms,
    binding: Pick<Binding, "key" | "nonce">,
    expires: string,
    first: ReadonlyArray<string> = []
  ): string => {
    const opaque = encodeBinding(terms, binding)
    const digest = digestOf(terms) ?? ""
    const digestParameter = digest === "" ? "" : `digest="${digest}", `
    let header = ""
    for (const { covered, parts } of templatesFor(terms, first)) {
      const id = createHmac("sha256", secretKey).update(`${covered}|${expires}|${digest}|${opaque}`).digest("base64url")
      if (header !== "") header += ", "
      header += parts[0] + id + parts[1] + digestParameter + parts[2] + expires + parts[3] + opaque + parts[4]
    }
    return header
  }
}

/** The place of a request's token in `first`; all others come after it, in the order of the settings. */
const rank = (first: ReadonlyArray<string>, { currency }: Record<string, unknown>): number => {
  const at = first.findIndex((token) => token.toLowerCase() === String(currency).toLowerCase())
  return at === -1 ? first.length : at
}
