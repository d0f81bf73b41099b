import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { bytesToHex } from "viem"
import { requireSettings, Settings, type Values } from "../../config.ts"
import { PaymentRejected } from "../errors.ts"
import { PaymentService, type Terms } from "../PaymentService.ts"
import { UntakenTokens } from "../UntakenTokens.ts"
import { makeAuthorize } from "./authorize.ts"
import { makeNetwork } from "./chain/networks.ts"
import { makeChallenges } from "./challenges.ts"
import type { TempoConfig } from "./config.ts"
import { readPayment } from "./read-payment.ts"
import { readProof } from "./read-proof.ts"
import { makeSettlement, receiptOf } from "./settle.ts"

/** A client can answer a challenge for this long, in seconds: mppx's own default. */
const CHALLENGE_SECONDS = 300

const random128 = () => bytesToHex(crypto.getRandomValues(new Uint8Array(16))).slice(2)

const needed = [
  "MPP_SECRET_KEY",
  "REALM",
  "TEMPO_RECIPIENT",
  "TEMPO_NETWORK",
  "TEMPO_RPC_URL",
  "TEMPO_CURRENCIES"
] as const

const makeTempo = (settings: Pick<Values, (typeof needed)[number]>, untaken: Set<string>) => {
  const network = makeNetwork(settings.TEMPO_NETWORK, settings.TEMPO_RPC_URL)
  const config: TempoConfig = {
    secretKey: Redacted.value(settings.MPP_SECRET_KEY),
    realm: settings.REALM,
    currencies: settings.TEMPO_CURRENCIES,
    untaken,
    recipient: settings.TEMPO_RECIPIENT,
    chainId: network.chainId
  }
  const challenges = makeChallenges(config)
  return {
    config,
    ...challenges,
    authorize: makeAuthorize(config, challenges.checkChallenge, network),
    ...makeSettlement(network)
  }
}

/**
 * Payments in stablecoins on Tempo: MPP's method `tempo` with the intent `charge`, in pull mode. The client signs a transfer,
 * and the gateway sends it once there is something to deliver. The first use reads the settings, because without them the layer
 * must still build, so that the gateway can name those that are missing.
 */
export const layerTempo: Layer.Layer<PaymentService, never, Settings> = Layer.effect(
  PaymentService,
  Effect.gen(function* () {
    const settings = yield* Settings
    const untaken = yield* UntakenTokens
    let made: ReturnType<typeof makeTempo> | undefined
    const tempo = Effect.suspend(() =>
      made !== undefined
        ? Effect.succeed(made)
        : Effect.map(requireSettings(settings, ...needed), (values) => (made = makeTempo(values, untaken)))
    )

    const challenge = Effect.fnUntraced(function* (terms: Terms, key: string, first?: ReadonlyArray<string>) {
      const { issueChallenge } = yield* tempo
      // The expiry is in whole seconds, like validBefore, so that a client that copies it cannot round beyond it.
      const expires = Math.floor((yield* Clock.currentTimeMillis) / 1000) + CHALLENGE_SECONDS
      return issueChallenge(terms, { key, nonce: random128() }, new Date(expires * 1000).toISOString(), first)
    })

    const verify = Effect.fn("PaymentService.verify")(function* (credential: string, terms: Terms) {
      const { config, checkChallenge } = yield* tempo
      const checked = yield* checkChallenge(credential, terms, undefined)
      const payment = yield* readPayment(checked, config).pipe(
        Effect.mapError(({ problem, detail }) => new PaymentRejected({ problem, detail, key: checked.binding.key }))
      )
      return { payer: payment.signer, key: checked.binding.key, challengeId: checked.challenge.id, credential }
    })

    const prove = Effect.fn("PaymentService.prove")(function* (
      credential: string,
      terms: Terms,
      key: string | undefined
    ) {
      const { config, checkChallenge } = yield* tempo
      const checked = yield* checkChallenge(credential, terms, key)
      const { challenge, binding } = checked
      const reject = (problem: PaymentRejected["problem"], detail: string) =>
        new PaymentRejected({ problem, detail, key: binding.key })
      const payer = yield* readProof(checked, config).pipe(
        Effect.mapError(({ problem, detail }) => reject(problem, detail))
      )
      if (!((yield* Clock.currentTimeMillis) < Date.parse(challenge.expires ?? ""))) {
        return yield* reject("payment-expired", "The challenge has expired. Answer the fresh challenge.")
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
