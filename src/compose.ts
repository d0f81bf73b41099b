import * as Layer from "effect/Layer"
import type { GatewayServices } from "./api/app.ts"
import type { Bundler } from "./bundler/Bundler.ts"
import type { Settings } from "./config.ts"
import type { ControlPlaneClient } from "./control-plane/ControlPlaneClient.ts"
import type { ExpiryStore } from "./expiry/ExpiryStore.ts"
import type { DeploymentIds } from "./ids/DeploymentIds.ts"
import type { Orders } from "./orders/Orders.ts"
import { layerOrderWorkflow, type OrderWorkflow } from "./orders/OrderWorkflow.ts"
import type { Deployments } from "./orders/renewal/Deployments.ts"
import type { Payers } from "./payers/Payers.ts"
import type { PaymentService } from "./payment/PaymentService.ts"
import type { Records } from "./records/Records.ts"
import type { CodeRunner } from "./sandbox/CodeRunner.ts"
import type { CronSecret } from "./schedule/CronSecret.ts"
import type { ReplayGuard } from "./schedule/ReplayGuard.ts"
import { layerSweep, type Sweep } from "./schedule/Sweep.ts"
import type { SweepCursor } from "./schedule/SweepCursor.ts"

/**
 * This file fits the services together. `layers.ts` chooses the implementations for the Worker, and the tests choose others.
 * An implementation may read the settings; the ids may also ask the host.
 */

/** The gateway, the sweep and the orders all need these. */
interface SharedLayers {
  readonly settings: Layer.Layer<Settings>
  readonly host: Layer.Layer<ControlPlaneClient, never, Settings>
  readonly store: Layer.Layer<ExpiryStore, never, Settings>
  readonly records: Layer.Layer<Records>
  readonly ids: Layer.Layer<DeploymentIds, never, Settings | ControlPlaneClient>
  /** Writes the log, and sends telemetry. */
  readonly log: Layer.Layer<never, never, Settings>
}

/** An order needs these, inside its object. */
export interface OrderLayers extends SharedLayers {
  readonly payment: Layer.Layer<PaymentService, never, Settings>
  readonly payers: Layer.Layer<Payers, never, Settings>
  readonly bundler: Layer.Layer<Bundler, never, Settings>
  readonly runner: Layer.Layer<CodeRunner, never, Settings>
  /** The deployments that renewals are for, each in an order of its own. */
  readonly deployments: Layer.Layer<Deployments, never, DeploymentIds>
}

/** The sweep needs these. */
export interface SweepLayers extends SharedLayers {
  /** Where the last sweep stopped. */
  readonly cursor: Layer.Layer<SweepCursor>
  readonly orders: Layer.Layer<Orders, never, DeploymentIds>
}

/** The gateway needs these. */
export interface GatewayLayers extends SweepLayers, Pick<OrderLayers, "payment" | "payers" | "runner"> {
  readonly schedule: Layer.Layer<CronSecret | ReplayGuard, never, Settings>
  /** Limits the credentials that one client sends; empty for no limit. */
  readonly limit: Layer.Layer<never>
}

/** Builds the workflow that runs an order inside its object. */
export const composeOrders = (layers: OrderLayers): Layer.Layer<OrderWorkflow> =>
  layerOrderWorkflow.pipe(
    Layer.provide(layers.deployments),
    Layer.provide([
      layers.payment,
      layers.payers,
      layers.store,
      layers.records,
      layers.ids,
      layers.bundler,
      layers.runner
    ]),
    Layer.provide(layers.host),
    Layer.merge(layers.log),
    Layer.provide(layers.settings)
  )

/** Provides the sweep, and the orders that it asks. */
const sweepAndOrders = ({ orders, store, ids, host, cursor }: SweepLayers) =>
  layerSweep.pipe(Layer.provideMerge(orders), Layer.provide([store, ids, cursor]), Layer.provide(host))

/** Builds the sweep, which deletes projects that no order owns. */
export const composeSweep = (layers: SweepLayers): Layer.Layer<Sweep> =>
  sweepAndOrders(layers).pipe(Layer.merge(layers.log), Layer.provide(layers.settings))

/** Builds the gateway, which serves HTTP: it decodes, challenges, verifies, and sends orders to their objects. */
export const composeGateway = (layers: GatewayLayers): Layer.Layer<GatewayServices> =>
  Layer.mergeAll(
    layers.payment,
    layers.payers,
    layers.runner,
    layers.host,
    layers.schedule,
    layers.records,
    sweepAndOrders(layers),
    layers.limit,
    layers.log
  ).pipe(Layer.provideMerge(layers.settings))
