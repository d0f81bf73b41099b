import * as Schema from "effect/Schema"

/**
 * The payment protocol's reasons for refusing a credential ("Payment" HTTP authentication scheme, problem types); the type
 * of the answer is `https://paymentauth.org/problems/` and this name.
 */
export const Problem = Schema.Literals([
  "malformed-credential",
  "invalid-challenge",
  "payment-expired",
  "verification-failed",
  "method-unsupported"
])
/** The payment protocol's reasons for refusing a credential. */
export type Problem = typeof Problem.Type

/**
 * The credential is not good for this purchase, and no money has moved. `detail` says what is wrong and what to do, and
 * repeats nothing of the credential. `key` is the key of the challenge that was answered, where that challenge is ours: the
 * fresh challenge must carry the same, or a client that pays again would start another purchase.
 */
export class PaymentRejected extends Schema.TaggedError<PaymentRejected>()("PaymentRejected", {
  problem: Problem,
  detail: Schema.String,
  key: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return `${this.problem}: ${this.detail}`
  }
}

/** The chain cannot be asked, and nothing was sent to it. */
export class PaymentUnavailable extends Schema.TaggedError<PaymentUnavailable>()("PaymentUnavailable", {
  message: Schema.String
}) {}

/** The payment was sent, and the chain has not said what became of it: ask `find` until it does. */
export class CaptureUncertain extends Schema.TaggedError<CaptureUncertain>()("CaptureUncertain", {
  message: Schema.String
}) {}

/** The chain has said that the payment did not happen and never will. */
export class CaptureFailed extends Schema.TaggedError<CaptureFailed>()("CaptureFailed", {
  problem: Problem,
  detail: Schema.String
}) {
  override get message() {
    return `${this.problem}: ${this.detail}`
  }
}
