import { PaymentRejected, PaymentServiceUnavailable } from "../../errors.ts"

/** The gateway does not accept this payment. `detail` says why, and what to do. */
export const rejected = (detail: string): PaymentRejected =>
  new PaymentRejected({ problem: "verification-failed", detail })

/** The credential answers no challenge for this request. `key` is the challenge's key, if this gateway issued it. */
export const invalidChallenge = (detail: string, key?: string): PaymentRejected =>
  new PaymentRejected({ problem: "invalid-challenge", detail, ...(key !== undefined && { key }) })

/** The gateway cannot check the payment, because the chain gave no answer or an unreadable one. */
export const unavailable = new PaymentServiceUnavailable({
  message: "The chain does not answer at the moment. No payment was sent; try again in a few seconds."
})
