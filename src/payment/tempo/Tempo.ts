import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { bytesToHex } from "viem"
import { requireSettings, Settings, type Values } from "../../config.ts"
import { PaymentRejected } from "../errors.ts"
import { PaymentService, type Terms } from "../PaymentService.ts"
import { makeAuthorize } from "./authorize.ts"
import { makeNetwork } from "./chain/networks.ts"
import { makeOffers, type Merchant } from "./charge.ts"
import { readPayment } from "./read-payment.ts"
import { readProof } from "./read-proof.ts"
import { makeSettlement, receiptOf } from "./settle.ts"

/** How long a challenge can be answered, in seconds: mppx's own default. */
const CHALLENGE_SECONDS = 300

const random128 = () => bytesToHex(crypto.getRandomValues(new Uint8Array(16))).slice(2)

const needed = [
  "MPP_SECRET_KEY",
  "REALM",
  "TEMPO_RECIPIENT",
  "TEMPO_NETWORK",
  "TEMPO_RPC_URL",
  "TEMPO_CURRENCY"
] as const

const make = (settings: Pick<Values, (typeof needed)[number]>) => {
  const network = makeNetwork(settings.TEMPO_NETWORK, settings.TEMPO_RPC_URL)
  const merchant: Merchant = {
    secretKey: Redacted.value(settings.MPP_SECRET_KEY),
    realm: settings.REALM,
    currency: settings.TEMPO_CURRENCY,
    recipient: settings.TEMPO_RECIPIENT,
    chainId: network.chainId
  }
  const offers = makeOffers(merchant)
  return {
    merchant,
    offers,
    authorize: makeAuthorize(merchant, offers, network),
    ...makeSettlement(network)
  }
}

/**
 * Payments in a stablecoin on Tempo: MPP's method `tempo` with the intent `charge`, in pull mode. The client signs a
 * transfer, and we send it once there is something to deliver. What the settings ask for is made at the first use: without
 * them the layer still builds, and the gateway can say what is missing.
 */
export const layerTempo: Layer.Layer<PaymentService, never, Settings> = Layer.effect(
  PaymentService,
  Effect.gen(function* () {
    const settings = yield* Settings
    let made: ReturnType<typeof make> | undefined
    const tempo = Effect.suspend(() =>
      made !== undefined
        ? Effect.succeed(made)
        : Effect.map(requireSettings(settings, ...needed), (values) => (made = make(values)))
    )

    const challenge = Effect.fnUntraced(function* (terms: Terms, key: string) {
      const { offers } = yield* tempo
      // Whole seconds, as transactions count: a client that sets validBefore to it cannot round beyond it.
      const expires = Math.floor((yield* Clock.currentTimeMillis) / 1000) + CHALLENGE_SECONDS
      return offers.issue(terms, { key, nonce: random128() }, new Date(expires * 1000).toISOString())
    })

    const verify = Effect.fn("PaymentService.verify")(function* (credential: string, terms: Terms) {
      const { merchant, offers } = yield* tempo
      const answer = yield* offers.recognize(credential, terms, undefined)
      const payment = yield* readPayment(answer, merchant).pipe(
        Effect.mapError(({ problem, detail }) => new PaymentRejected({ problem, detail, key: answer.binding.key }))
      )
      return { payer: payment.signer, key: answer.binding.key, challengeId: answer.challenge.id, credential }
    })

    const prove = Effect.fn("PaymentService.prove")(function* (
      credential: string,
      terms: Terms,
      key: string | undefined
    ) {
      const { merchant, offers } = yield* tempo
      const answer = yield* offers.recognize(credential, terms, key)
      const { challenge, binding } = answer
      const reject = (problem: PaymentRejected["problem"], detail: string) =>
        new PaymentRejected({ problem, detail, key: binding.key })
      const payer = yield* readProof(answer, merchant).pipe(
        Effect.mapError(({ problem, detail }) => reject(problem, detail))
      )
      if (!((yield* Clock.currentTimeMillis) < Date.parse(challenge.expires ?? ""))) {
        return yield* reject("payment-expired", "The challenge has expired. Answer the fresh one.")
      }
      return { payer, key: binding.key, challengeId: challenge.id, credential }
    })

    return PaymentService.of({
      challenge,
      verify,
      prove,
      authorize: Effect.fn("PaymentService.authorize")((verified, terms) =>
        Effect.flatMap(tempo, ({ authorize }) => authorize(verified, terms))
      ),
      capture: Effect.fn("PaymentService.capture")((authorization) =>
        Effect.flatMap(tempo, ({ capture }) => capture(authorization))
      ),
      find: Effect.fn("PaymentService.find")((authorization) =>
        Effect.flatMap(tempo, ({ find }) => find(authorization))
      ),
      receipt: receiptOf
    })
  })
)
