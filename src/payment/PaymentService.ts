import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Authorization, Receipt, Terms, Verified } from "../domain/Payment.ts"
import type { CaptureFailed, CaptureUncertain, PaymentRejected, PaymentServiceUnavailable } from "./errors.ts"

export type { Authorization, Receipt, Terms, Verified } from "../domain/Payment.ts"
export { CaptureFailed, CaptureUncertain, PaymentRejected, PaymentServiceUnavailable, ProblemType } from "./errors.ts"

/**
 * The status of a payment. `landed`, `reverted` and `absent` are final; after the last two no money has moved, and none will.
 * `unknown` is any other case, an unreachable chain included.
 */
export type PaymentStatus = "landed" | "reverted" | "absent" | "unknown"

/**
 * A capture must begin this long before `validBefore`, in seconds, because nodes refuse a transaction with 3 seconds left.
 * After that time the gateway sends nothing, because the outcome would be known only after the deadline.
 */
export const CAPTURE_SECONDS = 4

/** Takes payments. It fits every payment method that knows the reference of a payment before the payment is made. */
export class PaymentService extends Context.Service<
  PaymentService,
  {
    /**
     * Makes the value of `WWW-Authenticate`: a challenge to pay these terms once for the purchase of this key, or several of
     * them, separated by commas, for several currencies. The client answers one. `first` are currencies whose challenges come
     * first. Does no I/O.
     */
    readonly challenge: (terms: Terms, key: string, first?: ReadonlyArray<string>) => Effect.Effect<string>
    /**
     * Checks that a credential answers one of the gateway's challenges for these terms, and finds its payer. It uses no clock
     * and no I/O, so that a verified credential stays verified. It does not compare the client's key: the order does, because
     * it knows whether the credential was used. A credential that has paid is never refused for its key.
     */
    readonly verify: (credential: string, terms: Terms) => Effect.Effect<Verified, PaymentRejected>
    /**
     * Checks that a credential proves its sender, for terms whose price is "0". No money moves. The challenge must not have
     * expired. The caller must use each proof once, by its `challengeId`. Does no I/O.
     */
    readonly prove: (
      credential: string,
      terms: Terms,
      key: string | undefined
    ) => Effect.Effect<Verified, PaymentRejected>
    /** Checks that the payment can be made now, with time left for a build. Moves no money. */
    readonly authorize: (
      verified: Verified,
      terms: Terms
    ) => Effect.Effect<Authorization, PaymentRejected | PaymentServiceUnavailable>
    /**
     * Makes the payment and waits for it. It is safe to repeat, because the payment happens at most once. After a failure the
     * chain decides the outcome, as in `find`.
     */
    readonly capture: (authorization: Authorization) => Effect.Effect<Receipt, CaptureFailed | CaptureUncertain>
    /** Asks the chain for the status of a payment, for a few seconds at most. Changes nothing. */
    readonly find: (authorization: Pick<Authorization, "reference" | "validBefore">) => Effect.Effect<PaymentStatus>
    /** The receipt of a payment that has landed. */
    readonly receipt: (authorization: Pick<Authorization, "reference" | "validBefore" | "currency">) => Receipt
  }
>()("mpp-compute/payment/PaymentService") {}
