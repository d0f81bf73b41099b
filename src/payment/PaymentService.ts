import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CaptureFailed, CaptureUncertain, PaymentRejected, PaymentUnavailable } from "./errors.ts"
import { PaymentScript, scripted } from "./testing.ts"

export { CaptureFailed, CaptureUncertain, PaymentRejected, PaymentUnavailable, Problem } from "./errors.ts"

/** The terms of a sale: a credential must have been made for all of them. */
export interface Terms {
  /** `deploy`, `execute`, `update:<deployment id>`. */
  readonly operation: string
  /** SHA-256 of the raw bytes of the request's body, in hexadecimal digits. */
  readonly body: string
  /** Dollars, as a decimal string: `"0.10"`. */
  readonly price: string
  /** For people; shown by wallets. Latin-1, the same for every request: nothing compares it. */
  readonly description: string
}

/** A credential that answers a challenge of ours, for these terms. Says nothing about time or funds. */
export interface Verified {
  /**
   * The payer: lower-case address of the key that signed, the signature checked. Never the credential's `source`, which
   * anybody can write.
   */
  readonly payer: string
  /** The key of the purchase, as the challenge carried it. */
  readonly key: string
  readonly challengeId: string
  /** The credential itself, `Payment eyJ…`: whoever holds it can have it paid. Never logged, never stored. */
  readonly credential: string
}

/** A payment that can be made from here on without anything but this. Persist it before `capture`. */
export interface Authorization {
  /** Identifies the payment, and is known before it is made: on Tempo the transaction's hash. */
  readonly reference: string
  /** The payment itself: on Tempo the signed transaction's canonical bytes, `0x…`. Never logged. */
  readonly transaction: string
  /** From this moment of the chain's own clock on the payment can no longer happen; unix seconds. */
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
 * The outcome of a payment. `reverted` and `absent` are as final as `landed`: no money has moved, and none will.
 * `unknown` is everything else, an unreachable chain included.
 */
export type PaymentStatus = "landed" | "reverted" | "absent" | "unknown"

/**
 * How long before `validBefore` a capture must begin, in seconds: nodes refuse a transaction with 3 seconds to live. Later
 * than that, nothing should be sent: the outcome would be known only after the deadline.
 */
export const CAPTURE_SECONDS = 4

/** Takes payments. Any rail fits behind it on which a payment is known by its reference before it is made. */
export class PaymentService extends Context.Service<
  PaymentService,
  {
    /** The value of `WWW-Authenticate`: an offer to pay these terms, once, for the purchase of this key. No I/O. */
    readonly challenge: (terms: Terms, key: string) => Effect.Effect<string>
    /**
     * Whether a credential answers one of our challenges, for these terms, and by whom. No clock, no I/O: what was verified
     * once stays verified. Whether the challenge was for the key that its caller brings is for the order to say, which knows
     * whether it was used: a credential that has paid is never refused for its key.
     */
    readonly verify: (credential: string, terms: Terms) => Effect.Effect<Verified, PaymentRejected>
    /**
     * Whether a credential proves who sends it, for terms whose price is "0": no money moves, and the challenge has not
     * expired. That each proof is used once is for the caller to see to, by `challengeId`. No I/O.
     */
    readonly prove: (
      credential: string,
      terms: Terms,
      key: string | undefined
    ) => Effect.Effect<Verified, PaymentRejected>
    /** Whether the payment can be made now, with time left to build before it. Moves no money. */
    readonly authorize: (
      verified: Verified,
      terms: Terms
    ) => Effect.Effect<Authorization, PaymentRejected | PaymentUnavailable>
    /**
     * Makes the payment, once, and waits for it. Repeating it is safe: the payment happens at most once. After anything
     * but a success the chain decides, as in `find`.
     */
    readonly capture: (authorization: Authorization) => Effect.Effect<Receipt, CaptureFailed | CaptureUncertain>
    /** Asks the chain, for a few seconds at most, what became of a payment. Changes nothing. */
    readonly find: (authorization: Pick<Authorization, "reference" | "validBefore">) => Effect.Effect<PaymentStatus>
    /** The receipt of a payment that has landed. */
    readonly receipt: (authorization: Pick<Authorization, "reference" | "validBefore">) => Receipt
  }
>()("mpp-compute/payment/PaymentService") {
  /** No chain: tests script what fails, and read what was captured. Two layers over one script share its money. */
  static layerTest(script: PaymentScript = new PaymentScript()) {
    return Layer.succeed(PaymentService, PaymentService.of(scripted(script)))
  }
}
