import { env, waitUntil } from "cloudflare:workers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import { layerCredentialRateLimit } from "./api/paid/CredentialRateLimit.ts"
import { Bundler } from "./bundler/Bundler.ts"
import wasm from "./bundler/compiler/wasm.ts"
import { Settings } from "./config.ts"
import { ControlPlaneClient } from "./control-plane/ControlPlaneClient.ts"
import { OrderWorkflow } from "./orders/OrderWorkflow.ts"
import { Orders } from "./orders/Orders.ts"
import { CodeRunner } from "./sandbox/CodeRunner.ts"
import { ReplayGuard } from "./schedule/ReplayGuard.ts"
import { CronSecret } from "./schedule/CronSecret.ts"
import { ExpiryStore } from "./expiry/ExpiryStore.ts"
import { Sweep } from "./schedule/Sweep.ts"
import { DeploymentIds } from "./ids/DeploymentIds.ts"
import { IdStore } from "./ids/IdStore.ts"
import { layerJson } from "./logging.ts"
import { Payers } from "./payers/Payers.ts"
import { layerTempo } from "./payment/tempo/Tempo.ts"

/**
 * Which layer serves which service: the one file to edit for another payment rail, another host or another store. A layer
 * that provides the same service takes the place of the one that stands here, and nothing else changes.
 */

/** Settings are the Worker's variables and secrets. Without one of these bindings nothing is for sale. */
const settings = Settings.layerWith({ ORDERS: env.ORDERS, CLAIMS: env.CLAIMS, PAYERS: env.PAYERS }).pipe(
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
)

/** How money is taken: MPP's Tempo charge, through mppx. */
const payment = layerTempo

/** Where deployed code runs: Jack's control plane. */
const host = ControlPlaneClient.layer.pipe(Layer.provide(FetchHttpClient.layer))

/** The index of live deployments: Workers KV. */
const store = ExpiryStore.layerKv(env.EXPIRY)

/** Deployment ids, which are recognized before any order is asked; what that takes beyond a computation is in Workers KV. */
const ids = DeploymentIds.layer.pipe(Layer.provide([host, IdStore.layerKv(env.EXPIRY)]))

/** esbuild in this Worker turns source into a bundle. */
const bundler = Layer.unwrap(
  Effect.map(Settings, ({ IMPORT_HOSTS: importHosts = [] }) => Bundler.layer(wasm, { importHosts, waitUntil }))
)

/** The runner starts bundles before anybody pays, and runs code for `/execute`: another process, this Worker's loader, or nobody. */
const runner =
  env.RUNNER !== undefined
    ? CodeRunner.layerService(env.RUNNER)
    : env.LOADER !== undefined
      ? CodeRunner.layerLoader(env.LOADER)
      : CodeRunner.layerNone

/** Orders as the gateway and the sweep see them: each in an object of its own. */
const orders = Orders.layerDurable(env.ORDERS).pipe(Layer.provide(ids))

/** Each payer's address has an object that keeps the facts about it. */
const payers = Payers.layerDurable(env.PAYERS)

/** Jack may request a sweep by a signed call, each call once; so may the platform's own scheduler. */
const schedule = Layer.mergeAll(
  CronSecret.layerJack.pipe(Layer.provide(FetchHttpClient.layer)),
  ReplayGuard.layerDurable(env.CLAIMS)
)

/** Where the log goes: to the console, a line of JSON for each request and each step of an order. */
const log = layerJson

/** Deletes projects that no order owns. */
export const SweepLayer = Sweep.layer.pipe(
  Layer.provide([host, store, orders, ids]),
  Layer.provide(settings),
  Layer.merge(log)
)

/** How many credentials one client may try: a rate-limit binding where the account has one. */
const limit = layerCredentialRateLimit(env.VERIFICATIONS)

/** The HTTP edge: decodes, challenges, verifies, and hands orders to their objects. */
export const GatewayLayer = Layer.mergeAll(payment, orders, runner, schedule, SweepLayer, limit, log).pipe(
  Layer.provideMerge(settings)
)

/** Inside an order's object: everything that a deploy needs. */
export const OrderLayer = OrderWorkflow.layer.pipe(
  Layer.provide([payment, payers, host, store, ids, bundler, runner]),
  Layer.provide(settings),
  Layer.merge(log)
)
