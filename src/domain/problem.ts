import * as Schema from "effect/Schema"

/** The problem types of the payment protocol ("Payment" HTTP authentication scheme, problem types). */
export const protocolProblem = (name: string) => `https://paymentauth.org/problems/${name}` as const

/** The gateway's own problem types. They are URNs, so there is nothing to fetch and no domain to maintain. */
export const ownProblem = <const Code extends string>(code: Code) => `urn:mpp-compute:problem:${code}` as const

/** `false`, filled in by the constructor, because no such answer can follow a charge. */
export const notCharged = Schema.tag(false)

/** How to repeat the call at no cost: the same body with this `Idempotency-Key`. */
export const Retry = Schema.Struct({ idempotency_key: Schema.String }).annotate({ identifier: "Retry" })
