import { Errors, Method } from "mppx"
import { Mppx } from "mppx/server/core"
import { Methods } from "mppx/tempo"
import * as Effect from "effect/Effect"
import { PaymentRejected, PaymentUnavailable, Problem } from "../errors.ts"
import { type Binding, charge, type Merchant } from "./charge.ts"

/**
 * mppx's redemption, as far as it moves no money: it repeats the checks of the challenge (issued here, unexpired, for this
 * price and binding). Whether the payment would go through the chain is asked beside it (`Authorize.ts`).
 *
 * The server half of Tempo's charge is written out here, over mppx's public schema of it, because mppx's own
 * (`tempo.charge` of `mppx/server`) brings a payment page for browsers, sessions and subscriptions along: 290 KB of
 * gzipped upload, which together with esbuild would exceed what a Worker may weigh. What it checks of a pull-mode
 * transaction, `Payment.ts` checks. Nothing broadcasts through here.
 */
export const makeRedeemer = (merchant: Merchant) => {
  const method = Method.toServer(Methods.charge, {
    defaults: charge(merchant),
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
  const { realm, secretKey } = merchant
  const mppx = Mppx.create({ secretKey, realm, methods: [method] })

  // `meta` and `realm` always: without them mppx takes a credential that was made for another route.
  return (credential: string, price: string, binding: Binding) =>
    Effect.tryPromise({
      try: () => mppx.validateCredential(credential, { request: { amount: price }, meta: { ...binding }, realm }),
      catch: (error) => (error instanceof Errors.PaymentError ? protocolFailure(error) : unchecked)
    })
}

const unchecked = new PaymentUnavailable({
  message: "The payment cannot be checked at the moment. Nothing was sent; try again in a few seconds."
})

const protocolFailure = ({ type }: Errors.PaymentError): PaymentRejected => {
  const name = type.slice(type.lastIndexOf("/") + 1)
  const problem = Problem.literals.find((known) => known === name) ?? "verification-failed"
  return new PaymentRejected({ problem, detail: "The credential does not hold any more. Answer the fresh challenge." })
}
