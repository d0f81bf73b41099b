import type { Hex } from "viem"
import type { SignedKeyAuthorization } from "./key-authorization.ts"

/** The calls to `target` that an access key may make. `selector` and `recipients` narrow them. */
export interface Scope {
  readonly target: string
  /** The function; `undefined` stands for any. */
  readonly selector: string | undefined
  /** The function's first argument must be one of these; empty stands for any. */
  readonly recipients: ReadonlyArray<string>
}

interface Call {
  readonly to?: string | null | undefined
  readonly data?: string | undefined
}

const allows = ({ target, selector, recipients }: Scope, { to, data = "0x" }: Call): boolean => {
  const input = data.toLowerCase()
  return (
    target === to?.toLowerCase() &&
    (selector === undefined || input.slice(0, 10) === selector) &&
    (recipients.length === 0 ||
      recipients.some((recipient) => input.slice(10, 74) === recipient.slice(2).padStart(64, "0")))
  )
}

/** Whether an access key may make every one of these calls (TIP-1011). */
export const permits = (scopes: ReadonlyArray<Scope>, calls: ReadonlyArray<Call>): boolean =>
  calls.every((call) => scopes.some((scope) => allows(scope, call)))

/** Returns the scopes that an authorization states; `undefined` if it allows everything. */
export const scopesOfAuthorization = ({ scopes }: SignedKeyAuthorization): ReadonlyArray<Scope> | undefined =>
  scopes?.map(({ address, selector, recipients = [] }) => ({
    target: address.toLowerCase(),
    selector: selector?.toLowerCase(),
    recipients: recipients.map((recipient) => recipient.toLowerCase())
  }))

/** The most items of an answer. More would cost more gas than a block has. */
const MAX_ITEMS = 4_096

/**
 * Decodes the keychain's answer to `getAllowedCalls`: `(bool, (address, (bytes4, address[])[])[])`.
 *
 * @returns the scopes, or `undefined` if the key may make any call.
 * @throws Error if the answer is malformed.
 */
export const decodeScopes = (answer: Hex): ReadonlyArray<Scope> | undefined => {
  const hex = answer.slice(2).toLowerCase()
  let items = 0
  const textAt = (at: number): string => {
    const text = hex.slice(at * 2, at * 2 + 64)
    if (text.length !== 64) throw new Error("cut off")
    return text
  }
  const numberAt = (at: number): number => {
    const value = BigInt(`0x${textAt(at)}`)
    if (value > BigInt(hex.length)) throw new Error("no offset")
    return Number(value)
  }
  const addressAt = (at: number) => `0x${textAt(at).slice(24)}`
  /** Reads the items of an array. Items of variable size are behind an offset. */
  const list = <A>(at: number, fixed: boolean, read: (at: number) => A): ReadonlyArray<A> => {
    const length = numberAt(at)
    if ((items += length) > MAX_ITEMS) throw new Error("too many")
    const start = at + 32
    return Array.from({ length }, (_, i) => read(fixed ? start + i * 32 : start + numberAt(start + i * 32)))
  }

  if (numberAt(0) === 0) return undefined
  return list(numberAt(32), false, (scope): ReadonlyArray<Scope> => {
    const target = addressAt(scope)
    const rules = list(scope + numberAt(scope + 32), false, (rule) => ({
      target,
      selector: `0x${textAt(rule).slice(0, 8)}`,
      recipients: list(rule + numberAt(rule + 32), true, addressAt)
    }))
    return rules.length === 0 ? [{ target, selector: undefined, recipients: [] }] : rules
  }).flat()
}
