import type { PaymentOffer } from "../../../payment/service-offers.ts"

/**
 * `x-payment-info` of a paid operation, in two forms that do not contradict each other: `offers`, for the payment discovery
 * specification, and `price` with `protocols`, for directories that read no offers (MPPScan, AgentCash).
 *
 * `price` is in dollars, `"0.10"`. The result is empty where nothing is offered, because settings are missing.
 */
export const paymentInfo = (price: string, offers: ReadonlyArray<PaymentOffer>) =>
  offers.length === 0
    ? {}
    : {
        "x-payment-info": {
          offers,
          price: { mode: "fixed", currency: "USD", amount: price },
          protocols: offers.map(({ method, intent, currency }) => ({ mpp: { method, intent, currency } }))
        }
      }
