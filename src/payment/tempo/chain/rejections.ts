import { PaymentRejected, PaymentUnavailable } from "../../errors.ts"

/** The payment is not one that is taken; `detail` says why, and what to do. */
export const rejected = (detail: string): PaymentRejected =>
  new PaymentRejected({ problem: "verification-failed", detail })

/** Nothing can be said of the payment, because the chain said nothing that can be understood. */
export const unavailable = new PaymentUnavailable({
  message: "The chain cannot be asked at the moment. No payment was sent; try again in a few seconds."
})
