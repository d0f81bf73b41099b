import * as ConfigProvider from "effect/ConfigProvider"
import * as Layer from "effect/Layer"
import { layerSettings } from "../../../../src/config.ts"
import type { Terms } from "../../../../src/payment/PaymentService.ts"
import { layerTempo } from "../../../../src/payment/tempo/Tempo.ts"

/** Settings of a merchant on the local chain. None of them names a server. */
export const merchant = {
  MPP_SECRET_KEY: "a secret of more than 32 characters",
  REALM: "compute.test",
  TEMPO_RECIPIENT: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  TEMPO_NETWORK: "local"
}

/**
 * The real payment service, with some settings changed. It needs no chain if the test asks none. It is fresh, because a layer
 * that is already built would be shared together with its settings.
 */
export const tempo = (changes: Record<string, string> = {}) =>
  layerTempo.pipe(
    Layer.provide(layerSettings()),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...merchant, ...changes } }))),
    Layer.fresh
  )

/** Settings with a second token. */
export const twoTokens = { TEMPO_CURRENCIES: "pathUSD,AlphaUSD" }

/** SHA-256 of no bytes. */
export const NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/** A deploy of some body. */
export const terms: Terms = {
  operation: "deploy",
  bodyDigest: "0f".repeat(32),
  price: "0.10",
  description: "Deploy one Worker for 24 hours"
}
