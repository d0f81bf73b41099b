import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { CaptureFailed, CaptureUncertain, PaymentRejected, PaymentServiceUnavailable } from "./errors.ts"

export { CaptureFailed, CaptureUncertain, PaymentRejected, PaymentServiceUnavailable, ProblemType } from "./errors.ts"

/** The terms of a purchase. A credential must be made for all of them. */
export interface Terms {
  /** `deploy`, `execute`, `update:<deployment id>`. */
  readonly operation: string
  /** SHA-256 of the raw bytes of the request body, in hexadecimal digits. */
  readonly body: string
  /** Dollars, as a decimal string: `"0.10"`. */
  readonly price: string
  /** Wallets show this to people. Latin-1, the same for every request; no code compares it. */
  readonly description: string
}

/** A credential that answers a challenge of ours, for these terms. Its deadlines and funds are not checked. */
export interface Verified {
  /**
   * The payer: the lower-case address of the key that signed, with a verified signature. Never the credential's `source`,
   * which proves nothing.
   */
  readonly payer: string
  /** The key of the purchase, as the challenge carried it. */
  readonly key: string
  readonly challengeId: string
  /** The credential itself, `Payment eyJ…`. Any holder can have it paid, so it is never logged and never stored. */
  readonly credential: string
}

/** Everything that `capture` needs to make the payment. Persist it before `capture`. */
export interface Authorization {
  /** Identifies the payment, also before it is made. On Tempo: the transaction's hash. */
  readonly reference: string
  /** The payment itself. On Tempo: the signed transaction's canonical bytes, `0x…`. Never logged. */
  readonly transaction: string
  /** The payment can no longer happen from this time of the chain's own clock; unix seconds. */
  readonly validBefore: number
  readonly challengeId: string
}

/** Proof of payment. */
export interface Receipt {
  /** The value of `Payment-Receipt`; on successful answers only. */
  readonly header: string
  readonly reference: string
}

/**
 * The status of a payment. `landed`, `reverted` and `absent` are final; after the last two no money has moved, and none will.
 * `unknown` is any other case, an unreachable chain included.
 */
export type PaymentStatus = "landed" | "reverted" | "absent" | "unknown"

/**
 * A capture must begin this long before `validBefore`, in seconds, because nodes refuse a transaction with 3 seconds left.
 * After that time send nothing: the outcome would be known only after the deadline.
 */
export const CAPTURE_SECONDS = 4

/** Takes payments. It fits any payment rail on which the reference of a payment is known before it is made. */
export class PaymentService extends Context.Service<
  PaymentService,
  {
    /** Makes a challenge, the value of `WWW-Authenticate`, to pay these terms once for the purchase of this key. No I/O. */
    readonly challenge: (terms: Terms, key: string) => Effect.Effect<string>
    /**
     * Checks that a credential answers one of our challenges for these terms, and finds its payer. No clock and no I/O, so
     * that a verified credential stays verified. It does not compare the client's key: the order does, because it knows
     * whether the credential was used. A credential that has paid is never refused for its key.
     */
    readonly verify: (credential: string, terms: Terms) => Effect.Effect<Verified, PaymentRejected>
    /**
     * Checks that a credential proves its sender, for terms whose price is "0". No money moves. The challenge must not have
     * expired. The caller must use each proof once, by its `challengeId`. No I/O.
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
     * Makes the payment and waits for it. It is safe to repeat: the payment happens at most once. After a failure the chain
     * decides the outcome, as in `find`.
     */
    readonly capture: (authorization: Authorization) => Effect.Effect<Receipt, CaptureFailed | CaptureUncertain>
    /** Asks the chain for the status of a payment, for a few seconds at most. Changes nothing. */
    readonly find: (authorization: Pick<Authorization, "reference" | "validBefore">) => Effect.Effect<PaymentStatus>
    /** The receipt of a payment that has landed. */
    readonly receipt: (authorization: Pick<Authorization, "reference" | "validBefore">) => Receipt
  }
>()("mpp-compute/payment/PaymentService") {}
