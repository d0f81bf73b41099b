import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { optional, Settings } from "../../config.ts"
import { purchaseKey } from "../../domain/Order.ts"
import { CodeRunner } from "../../sandbox/CodeRunner.ts"
import { offersIn } from "../../payment/service-offers.ts"
import { PaymentService, type Terms } from "../../payment/PaymentService.ts"
import { deployTerms } from "../endpoints/deploy.ts"
import { executeTerms } from "../endpoints/execute.ts"
import { makeOrigin, publicOrigin } from "../request/origin.ts"
import type { ServiceInfo } from "./service-info.ts"

const NETWORK_NAMES = { mainnet: "Tempo mainnet", testnet: "Tempo's Moderato testnet", local: "a local chain" }

const pathUsd = "0x20c0000000000000000000000000000000000000"

/** Describes the service to a request. The offers come from a challenge like any other: same settings, same code, no I/O. */
export const describeService = Effect.gen(function* () {
  const settings = yield* Settings
  const payments = yield* PaymentService
  const runner = yield* CodeRunner
  const { missing } = settings
  const originOf = makeOrigin(settings)
  const configured = <K extends Parameters<typeof settings.get>[0]>(name: K) =>
    missing.includes(name) ? undefined : settings.get<K>(name)

  const price = configured("DEPLOY_PRICE")
  const executePrice = configured("EXECUTE_PRICE")
  const offers = (price: string | undefined, termsOf: (price: string, body: string) => Terms) =>
    missing.length > 0 || price === undefined
      ? Effect.succeed([])
      : // Not before there is a request: the platform makes no random values while a Worker starts.
        Effect.suspend(() => payments.challenge(termsOf(price, EMPTY_BODY), purchaseKey(undefined))).pipe(
          Effect.map(offersIn)
        )
  const token = configured("TEMPO_CURRENCY") ?? "?"
  const chain = configured("TEMPO_NETWORK")
  const rpcUrl = optional(configured("TEMPO_RPC_URL") ?? Option.none())
  const mppxOptions =
    chain === "testnet" ? " --network testnet" : chain === "local" && rpcUrl !== undefined ? ` --rpc-url ${rpcUrl}` : ""

  return Effect.fn("Discovery.describeService")(function* (requestUrl: string) {
    const offered = yield* offers(price, deployTerms)
    const other = offered.find(({ method }) => method !== "tempo")
    return {
      origin: originOf(requestUrl),
      originIsSet: publicOrigin(settings) !== undefined,
      missing,
      price: price ?? "?",
      offers: offered,
      tempo: other === undefined,
      currency: other?.currency ?? (token.toLowerCase() === pathUsd ? "pathUSD" : token),
      network: other?.method ?? (chain === undefined ? "?" : NETWORK_NAMES[chain]),
      mppxOptions,
      ttlHours: configured("TTL_HOURS") ?? 24,
      importHosts: configured("IMPORT_HOSTS") ?? [],
      startCheck: runner.available,
      execute: runner.available
        ? { price: executePrice ?? "?", offers: yield* offers(executePrice, executeTerms) }
        : undefined
    } satisfies ServiceInfo
  })
})

const EMPTY_BODY = createHash("sha256").digest("hex")
