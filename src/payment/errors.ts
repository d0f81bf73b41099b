import * as Schema from "effect/Schema"

/**
 * The payment protocol's reasons to refuse a credential ("Payment" HTTP authentication scheme, problem types). The `type`
 * of the response is `https://paymentauth.org/problems/` and this name.
 */
export const ProblemType = Schema.Literals([
  "malformed-credential",
  "invalid-challenge",
  "payment-expired",
  "verification-failed",
  "method-unsupported"
])
/** The payment protocol's reasons to refuse a credential. */
export type ProblemType = typeof ProblemType.Type

/**
 * The credential is not valid for this purchase, and no money has moved. `detail` says what is wrong and what to do, and
 * repeats nothing of the credential. `key` is the key of the answered challenge, if the gateway issued it. The fresh challenge
 * must carry the same key, because a client that pays again would otherwise start another purchase. `payable` are other
 * currencies in which this payer could pay the same: the fresh challenges begin with them. `untaken` is a currency that the service
 * offers and cannot take, which is its operator's error.
 */
export class PaymentRejected extends Schema.TaggedError<PaymentRejected>()("PaymentRejected", {
  problem: ProblemType,
  detail: Schema.String,
  key: Schema.optionalKey(Schema.String),
  payable: Schema.optionalKey(Schema.Array(Schema.String)),
  untaken: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return `${this.problem}: ${this.detail}`
  }
}

/** The chain does not answer, and no payment was sent. `PaymentUnavailable` of `domain/Errors.ts` is the response. */
export class PaymentServiceUnavailable extends Schema.TaggedError<PaymentServiceUnavailable>()(
  "PaymentServiceUnavailable",
  { message: Schema.String }
) {}

/** The payment was sent, and its outcome is not known yet. The order asks `find` until it is. */
export class CaptureUncertain extends Schema.TaggedError<CaptureUncertain>()("CaptureUncertain", {
  message: Schema.String
}) {}

/** The chain says that the payment did not happen and never will. */
export class CaptureFailed extends Schema.TaggedError<CaptureFailed>()("CaptureFailed", {
  problem: ProblemType,
  detail: Schema.String
}) {
  override get message() {
    return `${this.problem}: ${this.detail}`
  }
}
