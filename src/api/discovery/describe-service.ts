import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { registryOf, Settings } from "../../config.ts"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { purchaseKey } from "../../domain/Order.ts"
import { givenBy } from "../../orders/build/host-needs.ts"
import { CodeRunner } from "../../sandbox/CodeRunner.ts"
import { readOffers } from "../../payment/service-offers.ts"
import { PaymentService, type Terms } from "../../payment/PaymentService.ts"
import { deployTerms } from "../endpoints/deploy.ts"
import { executeTerms } from "../endpoints/execute.ts"
import { makeOrigin } from "../request/origin.ts"
import type { ServiceInfo } from "./service-info.ts"

const NETWORK_NAMES = { mainnet: "Tempo mainnet", testnet: "Tempo's Moderato testnet", local: "a local chain" }

/**
 * Describes the service to a request. It reads the offers from a challenge, which uses the same settings and code and needs no
 * I/O.
 */
export const describeService = Effect.gen(function* () {
  const settings = yield* Settings
  const payments = yield* PaymentService
  const runner = yield* CodeRunner
  const { capabilities } = yield* ControlPlaneClient
  const originOf = makeOrigin(settings)
  const { missing, complete, DEPLOY_PRICE: price, EXECUTE_PRICE: executePrice } = settings
  const offers = (price: string | undefined, termsOf: (price: string, body: string) => Terms) =>
    complete === undefined || price === undefined
      ? Effect.succeed([])
      : // The challenge is made with the first request, because the platform makes no random values while a Worker starts.
        Effect.suspend(() => payments.challenge(termsOf(price, EMPTY_BODY), purchaseKey(undefined))).pipe(
          Effect.map(readOffers)
        )
  const { TEMPO_CURRENCIES: tokens = [], TEMPO_NETWORK: chain, TEMPO_RPC_URL: rpcUrl } = settings
  const mppxOptions =
    chain === "testnet" ? " --network testnet" : chain === "local" && rpcUrl !== undefined ? ` --rpc-url ${rpcUrl}` : ""

  return Effect.fn("Discovery.describeService")(function* (requestUrl: string) {
    const deployOffers = yield* offers(price, deployTerms)
    const other = deployOffers.find(({ method }) => method !== "tempo")
    return {
      origin: originOf(requestUrl),
      originIsSet: settings.PUBLIC_ORIGIN !== undefined,
      contact: settings.CONTACT_EMAIL,
      missing,
      price: price ?? "?",
      offers: deployOffers,
      tempo: other === undefined,
      currency: other?.currency ?? (tokens.map(({ name }) => name).join(" or ") || "?"),
      currencies: other === undefined ? tokens : [],
      network: other?.method ?? (chain === undefined ? "?" : NETWORK_NAMES[chain]),
      mppxOptions,
      ttlHours: settings.TTL_HOURS ?? 24,
      maxDays: settings.MAX_DAYS ?? 30,
      maxLive: settings.MAX_LIVE_PER_PAYER ?? 50,
      importHosts: settings.IMPORT_HOSTS ?? [],
      packages: registryOf(settings) !== undefined ? "on" : settings.NPM_PACKAGES === "off" ? "off" : "unknown",
      resources: givenBy(capabilities, settings.RESOURCES ?? []),
      assetLimit: settings.ASSET_LIMIT ?? 0,
      startCheck: runner.available,
      execute: runner.available
        ? { price: executePrice ?? "?", offers: yield* offers(executePrice, executeTerms) }
        : undefined
    } satisfies ServiceInfo
  })
})

const EMPTY_BODY = createHash("sha256").digest("hex")
