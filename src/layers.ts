import { env, waitUntil } from "cloudflare:workers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import { layerCredentialRateLimit } from "./api/paid/CredentialRateLimit.ts"
import wasm from "./bundler/compiler/wasm.ts"
import { layerEsbuild } from "./bundler/layer.ts"
import { composeGateway, composeOrders, composeSweep } from "./compose.ts"
import { layerSettings, Settings } from "./config.ts"
import { layerJack } from "./control-plane/jack/Jack.ts"
import { layerExpiryStoreKv } from "./expiry/kv.ts"
import { layerDeploymentIds } from "./ids/DeploymentIds.ts"
import { layerIdStoreKv } from "./ids/kv.ts"
import { layerJson } from "./logging.ts"
import { layerOrdersDurable } from "./orders/durable.ts"
import { layerPayersDurable } from "./payers/durable.ts"
import { layerTempo } from "./payment/tempo/Tempo.ts"
import { layerLoader, layerNoRunner, layerRunnerBinding } from "./sandbox/layers.ts"
import { layerCronSecretJack } from "./schedule/cron-secret-jack.ts"
import { layerReplayGuardDurable } from "./schedule/replay-guard-durable.ts"

/**
 * Which layer implements which service: the one file to edit for another payment rail, another host or another store. A
 * layer that provides the same service takes the place of the one that stands here, and nothing else changes.
 *
 * Layers are named after their implementation (`layerEsbuild`); after the service and the implementation where several
 * services have that one (`layerOrdersDurable`, `layerIdStoreKv`); after the service that has only one (`layerSweep`).
 * Doubles for tests are in the `testing.ts` beside each service, and end in `Memory` or `Test`.
 */

/** Settings are the Worker's variables and secrets. Without one of these bindings nothing is for sale. */
const settings = layerSettings({ ORDERS: env.ORDERS, CLAIMS: env.CLAIMS, PAYERS: env.PAYERS }).pipe(
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
)

/** Takes the money: MPP's Tempo charge, through mppx. */
const payment = layerTempo

/** Runs deployed code: Jack's control plane. */
const host = layerJack.pipe(Layer.provide(FetchHttpClient.layer))

/** The index of live deployments: Workers KV. */
const store = layerExpiryStoreKv(env.EXPIRY)

/** Deployment ids, which are recognized before any order is asked; what that takes beyond a computation is in Workers KV. */
const ids = layerDeploymentIds.pipe(Layer.provide(layerIdStoreKv(env.EXPIRY)))

/** esbuild in this Worker turns source into a bundle. */
const bundler = Layer.unwrap(
  Effect.map(Settings, ({ IMPORT_HOSTS: importHosts = [] }) => layerEsbuild(wasm, { importHosts, waitUntil }))
)

/** The runner starts bundles before anybody pays, and runs code for `/execute`: another process, this Worker's loader, or nobody. */
const runner =
  env.RUNNER !== undefined
    ? layerRunnerBinding(env.RUNNER)
    : env.LOADER !== undefined
      ? layerLoader(env.LOADER)
      : layerNoRunner

/** Orders as the gateway and the sweep see them: each in an object of its own. */
const orders = layerOrdersDurable(env.ORDERS)

/** Each payer's address has an object that keeps the facts about it. */
const payers = layerPayersDurable(env.PAYERS)

/** Jack may request a sweep by a signed call, each call once; so may the platform's own scheduler. */
const schedule = Layer.mergeAll(
  layerCronSecretJack.pipe(Layer.provide(FetchHttpClient.layer)),
  layerReplayGuardDurable(env.CLAIMS)
)

/** How many credentials one client may try: a rate-limit binding where the account has one. */
const limit = layerCredentialRateLimit(env.VERIFICATIONS)

/** The log goes to the console, a line of JSON for each request and each step of an order. */
const log = layerJson

const layers = { settings, payment, host, store, ids, bundler, runner, orders, payers, schedule, limit, log }

/** Serves HTTP. */
export const GatewayLayer = composeGateway(layers)

/** Deletes projects that no order owns. */
export const SweepLayer = composeSweep(layers)

/** Runs orders, each inside its object. */
export const OrderLayer = composeOrders(layers)
