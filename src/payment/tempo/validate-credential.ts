import { Errors, Method } from "mppx"
import { Mppx } from "mppx/server/core"
import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import { PaymentRejected, PaymentServiceUnavailable, ProblemType } from "../errors.ts"
import { chargeOptions, type TempoConfig } from "./config.ts"
import type { Binding } from "./wire/binding.ts"

/**
 * Validates credentials with mppx, without moving money. mppx repeats the checks of the challenge: issued here, not expired,
 * for this price and binding. `authorize.ts` asks the chain whether the payment would go through.
 *
 * The server half of Tempo's charge is written here over mppx's public schema. mppx's own server half (`tempo.charge` of
 * `mppx/server`) includes a payment page for browsers, sessions and subscriptions: 290 KB of gzipped upload, which together
 * with esbuild would exceed the size limit of a Worker. `read-payment.ts` makes mppx's checks of a pull-mode transaction. This
 * module broadcasts nothing.
 */
export const makeValidateCredential = (config: TempoConfig) => {
  const method = Method.toServer(Methods.charge, {
    defaults: chargeOptions(config, config.currencies[0]?.address ?? ""),
    broadcast: () => Promise.reject(new Errors.VerificationFailedError({ reason: "capture sends payments" })),
    validate: async ({ credential }: Method.ValidateContext<typeof Methods.charge>) => {
      const { challenge, payload } = credential
      if (payload.type !== "transaction") throw new Errors.VerificationFailedError({ reason: "pull mode only" })
      return {
        challenge,
        credential,
        details: {},
        intent: Methods.charge.intent,
        method: Methods.charge.name,
        request: challenge.request
      }
    }
  })
  const { realm, secretKey } = config
  const mppx = Mppx.create({ secretKey, realm, methods: [method] })

  // This always passes `meta` and `realm`, because without them mppx accepts a credential that was made for another route.
  return (credential: string, price: string, currency: string, binding: Binding) =>
    Effect.tryPromise({
      try: () =>
        mppx.validateCredential(credential, { request: { amount: price, currency }, meta: { ...binding }, realm }),
      catch: (error) => (error instanceof Errors.PaymentError ? toPaymentRejected(error) : cannotCheck)
    })
}

const cannotCheck = new PaymentServiceUnavailable({
  message: "The payment cannot be checked at the moment. Nothing was sent; try again in a few seconds."
})

const toPaymentRejected = ({ type }: Errors.PaymentError): PaymentRejected => {
  const name = type.slice(type.lastIndexOf("/") + 1)
  const problem = ProblemType.literals.find((known) => known === name) ?? "verification-failed"
  return new PaymentRejected({ problem, detail: "The credential is no longer valid. Answer the fresh challenge." })
}
