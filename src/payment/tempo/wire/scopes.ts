import type { Hex } from "viem"
import type { Signed } from "./key-authorization.ts"

/** A call that an access key may make: to `target`, of any function unless one is named, for any recipient unless some are. */
export interface Scope {
  readonly target: string
  readonly selector: string | undefined
  /** The function's first argument must be one of these; empty, and it may be anything. */
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

/** The scopes that an authorization states; nothing, if it allows everything. */
export const scopesOf = ({ scopes }: Signed): ReadonlyArray<Scope> | undefined =>
  scopes?.map(({ address, selector, recipients = [] }) => ({
    target: address.toLowerCase(),
    selector: selector?.toLowerCase(),
    recipients: recipients.map((recipient) => recipient.toLowerCase())
  }))

/** Items of an answer that are looked at: as many as a key would pay dearly for, and no more than a block's gas can store. */
const MAX_ITEMS = 4_096

/**
 * The scopes in the keychain's answer to `getAllowedCalls`: `(bool, (address, (bytes4, address[])[])[])`.
 *
 * @returns nothing, if the key may make any call.
 * @throws Error, if the answer is none.
 */
export const scopesIn = (answer: Hex): ReadonlyArray<Scope> | undefined => {
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
  /** The items of an array, each with where it is; those that are of no fixed size are behind an offset. */
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
