import { env, waitUntil } from "cloudflare:workers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import { layerCredentialRateLimit } from "./api/paid/CredentialRateLimit.ts"
import wasm from "./bundler/compiler/wasm.ts"
import { program } from "./bundler/generated/isolate.js"
import { layerEsbuild } from "./bundler/layer.ts"
import { composeGateway, composeOrders, composeSweep } from "./compose.ts"
import { layerSettings, registryOf, Settings } from "./config.ts"
import { layerJack } from "./control-plane/jack/Jack.ts"
import { layerExpiryStoreKv } from "./expiry/kv.ts"
import { layerDeploymentIds } from "./ids/DeploymentIds.ts"
import { layerIdStoreKv } from "./ids/kv.ts"
import { layerJson } from "./logging.ts"
import { layerOrdersDurable } from "./orders/durable.ts"
import { layerDeployments } from "./orders/renewal/layer.ts"
import { layerPayersDurable } from "./payers/durable.ts"
import { layerTempo } from "./payment/tempo/Tempo.ts"
import { layerRecordsKv } from "./records/kv.ts"
import { layerLoader, layerNoRunner, layerRunnerBinding } from "./sandbox/layers.ts"
import { layerCronSecretJack } from "./schedule/cron-secret-jack.ts"
import { layerReplayGuardDurable } from "./schedule/replay-guard-durable.ts"
import { layerSweepCursorKv } from "./schedule/sweep-cursor-kv.ts"
import { layerOtlp } from "./telemetry/layer.ts"

/**
 * This file chooses the layer that implements each service. Edit it for another payment rail, another host or another store:
 * replace a constant by a layer of the same service, and change nothing else.
 *
 * Layers are named after their implementation (`layerEsbuild`); after the service and the implementation where several
 * services have that one (`layerOrdersDurable`, `layerIdStoreKv`); after the service that has only one (`layerSweep`).
 * Doubles for tests are in the `testing.ts` beside each service, and end in `Memory` or `Test`.
 */

/** Settings are the Worker's variables and secrets. The gateway sells nothing while one of these bindings is missing. */
const settings = layerSettings({ ORDERS: env.ORDERS, CLAIMS: env.CLAIMS, PAYERS: env.PAYERS }).pipe(
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
)

/** Takes the money: MPP's Tempo charge, through mppx. */
const payment = layerTempo

/** Runs deployed code: Jack's control plane. */
const host = layerJack.pipe(Layer.provide(FetchHttpClient.layer))

/** The index of live deployments: Workers KV. */
const store = layerExpiryStoreKv(env.EXPIRY)

/** Records for the operator: Workers KV. */
const records = layerRecordsKv(env.EXPIRY)

/** Recognizes deployment ids before the gateway asks an order: by computing, and by earlier keys and ids in Workers KV. */
const ids = layerDeploymentIds.pipe(Layer.provide(layerIdStoreKv(env.EXPIRY)))

/** Turns source into a bundle: esbuild in this Worker; with packages, in an isolate of its own if there is a loader. */
const bundler = Layer.unwrap(
  Effect.map(Settings, (settings) => {
    const registry = registryOf(settings)
    const packages = registry === undefined ? {} : { packages: { registry } }
    return layerEsbuild(wasm, {
      importHosts: settings.IMPORT_HOSTS ?? [],
      assetBytes: settings.ASSET_LIMIT,
      ...packages,
      isolates: env.LOADER && { loader: env.LOADER, program },
      waitUntil
    })
  })
)

/**
 * Starts bundles before the payment, and runs code for `/execute`: in another process, by this Worker's loader, or not at all.
 */
const runner =
  env.RUNNER !== undefined
    ? layerRunnerBinding(env.RUNNER)
    : env.LOADER !== undefined
      ? layerLoader(env.LOADER)
      : layerNoRunner

/** Calls orders from the gateway and the sweep. Each order is in a Durable Object of its own. */
const orders = layerOrdersDurable(env.ORDERS)

/** Calls the order of a deployment from the order of its renewal. */
const deployments = layerDeployments.pipe(Layer.provide(orders))

/** Limits each payer: each address has a Durable Object of its own. */
const payers = layerPayersDurable(env.PAYERS)

/** Verifies Jack's scheduled calls, and takes each signature once. */
const schedule = Layer.mergeAll(
  layerCronSecretJack.pipe(Layer.provide(FetchHttpClient.layer)),
  layerReplayGuardDurable(env.CLAIMS)
)

/** Keeps where the last sweep stopped: Workers KV. */
const cursor = layerSweepCursorKv(env.EXPIRY)

/** Limits the credentials that one client sends, if the account has a rate-limit binding. */
const limit = layerCredentialRateLimit(env.VERIFICATIONS)

/** Logs to the console: a line of JSON for each request and each step of an order. Sends traces, metrics and logs by OTLP, if that is set. */
const log = layerOtlp(waitUntil).pipe(Layer.provideMerge(layerJson))

const layers = {
  settings,
  payment,
  host,
  store,
  records,
  ids,
  bundler,
  runner,
  orders,
  deployments,
  payers,
  schedule,
  cursor,
  limit,
  log
}

/** Serves HTTP. */
export const GatewayLayer = composeGateway(layers)

/** Deletes projects that no order owns. */
export const SweepLayer = composeSweep(layers)

/** Runs orders, each inside its object. */
export const OrderLayer = composeOrders(layers)
