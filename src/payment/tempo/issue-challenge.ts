import { createHmac } from "node:crypto"
import { Challenge, PaymentRequest } from "mppx"
import { Methods } from "mppx/tempo"
import type { Terms } from "../PaymentService.ts"

/** Under whose name challenges are issued, and the secret of their HMAC. */
export interface Issuer {
  readonly secretKey: string
  readonly realm: string
}

/** A challenge is bound to these, beside its price: flat, as they travel in `opaque`. */
export interface Bound {
  readonly key: string
  readonly nonce: string
}

/** A header with what is the same in all challenges of one price and description already written; gaps for the rest. */
interface Form {
  /** The HMAC covers this, up to the expiry. */
  readonly covered: string
  /** Before the id, the expiry and the opaque data, and after them. */
  readonly parts: readonly [string, string, string, string]
}

/** Where a form has its gaps. No text of ours has these control characters. */
const gaps = { id: "\u0001", expires: "\u0002", opaque: "\u0003" } as const

const formOf = (issuer: Issuer, request: Record<string, unknown>, description: string): Form => {
  const { name: method, intent } = Methods.charge
  const { realm } = issuer
  const [before = "", ...rest] = Challenge.serialize({ ...gaps, realm, method, intent, request, description }).split(
    // eslint-disable-next-line no-control-regex -- the gaps
    /[\u0001-\u0003]/
  )
  const [afterId = "", afterExpires = "", after = ""] = rest
  return {
    covered: [realm, method, intent, PaymentRequest.serialize(request)].join("|"),
    parts: [before, afterId, afterExpires, after]
  }
}

/** JCS (RFC 8785) of the binding: strings only, names in order. */
const opaqueOf = ({ operation, body }: Terms, { key, nonce }: Bound): string =>
  Buffer.from(JSON.stringify({ body, key, nonce, op: operation, v: "1" })).toString("base64url")

/**
 * Issues challenges: the value of `WWW-Authenticate`. mppx writes the header of each price and description once; what is
 * left for each request is one HMAC and filling the gaps, a sixth of what `Challenge.from` and `serialize` take. The HMAC
 * covers the fields in fixed slots, empty where there is none (mppx, `Challenge.idBindingInput`). A test holds the two equal,
 * byte for byte.
 *
 * @param requestOf the request that a price stands for, as mppx normalizes it.
 * @returns a function of terms, binding, and expiry as ISO 8601.
 */
export const makeIssue = (issuer: Issuer, requestOf: (price: string) => Record<string, unknown>) => {
  const forms = new Map<string, Form>()
  const form = ({ price, description }: Terms): Form => {
    const name = `${price} ${description}`
    const known = forms.get(name)
    if (known !== undefined) return known
    const made = formOf(issuer, requestOf(price), description)
    forms.set(name, made)
    return made
  }

  return (terms: Terms, bound: Bound, expires: string): string => {
    const { covered, parts } = form(terms)
    const opaque = opaqueOf(terms, bound)
    const id = createHmac("sha256", issuer.secretKey).update(`${covered}|${expires}||${opaque}`).digest("base64url")
    return parts[0] + id + parts[1] + expires + parts[2] + opaque + parts[3]
  }
}
