import * as HttpApiError from "effect/http-api/HttpApiError"
import * as Schema from "effect/Schema"

/** V8 looks at no stack while this is no number. For 0 it still visits the first frame, which costs as much as the error itself. */
const errors: { stackTraceLimit: unknown } = Error

/**
 * Makes the class of an error that is an answer: a problem (RFC 9457). Such an error records no stack, because it tells its reader
 * what is wrong, and a stack takes longer than all other parts of the answer.
 */
export const Problem: typeof HttpApiError.Problem = (() =>
  (...definition: Parameters<ReturnType<typeof HttpApiError.Problem<unknown>>>) => {
    const Base = HttpApiError.Problem<unknown>()(...definition) as unknown as new (...args: Array<unknown>) => object
    return class extends Base {
      constructor(...args: Array<unknown>) {
        const limit = errors.stackTraceLimit
        errors.stackTraceLimit = undefined
        try {
          super(...args)
        } finally {
          errors.stackTraceLimit = limit
        }
      }
    }
  }) as unknown as typeof HttpApiError.Problem

/** The problem types of the payment protocol ("Payment" HTTP authentication scheme, problem types). */
export const protocolProblem = (name: string) => `https://paymentauth.org/problems/${name}` as const

/** The gateway's own problem types. They are URNs, so there is nothing to fetch and no domain to maintain. */
export const ownProblem = <const Code extends string>(code: Code) => `urn:mpp-compute:problem:${code}` as const

/** `false`, filled in by the constructor, because no such answer can follow a charge. */
export const notCharged = Schema.tag(false)

/** How to repeat the call at no cost: the same body with this `Idempotency-Key`. */
export const Retry = Schema.Struct({ idempotency_key: Schema.String }).annotate({ identifier: "Retry" })
