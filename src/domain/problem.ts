import * as Schema from "effect/Schema"

/** The problem types of the payment protocol ("Payment" HTTP authentication scheme, problem types). */
export const protocolProblem = (name: string) => `https://paymentauth.org/problems/${name}` as const

/** Our own problem types. A URN: nothing to fetch, nobody's domain to keep alive. */
export const ownProblem = <const Code extends string>(code: Code) => `urn:mpp-compute:problem:${code}` as const

/** `false`, filled in by the constructor: no such answer can follow a charge. */
export const notCharged = Schema.tag(false)

/** How to ask again for nothing: the same body with this `Idempotency-Key`. */
export const Retry = Schema.Struct({ idempotency_key: Schema.String })
