import { env } from "cloudflare:workers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import { serve } from "../../src/api/app.ts"
import { Bundler } from "../../src/bundler/Bundler.ts"
import { Settings } from "../../src/config.ts"
import { ControlPlaneClient } from "../../src/control-plane/ControlPlaneClient.ts"
import { ControlPlaneMemory } from "../../src/control-plane/testing.ts"
import { OrderWorkflow } from "../../src/orders/OrderWorkflow.ts"
import { makeOrderObject } from "../../src/orders/OrderObject.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { CodeRunner } from "../../src/sandbox/CodeRunner.ts"
import { ReplayGuard } from "../../src/schedule/ReplayGuard.ts"
import { CronSecret } from "../../src/schedule/CronSecret.ts"
import { ExpiryStore } from "../../src/expiry/ExpiryStore.ts"
import { Sweep } from "../../src/schedule/Sweep.ts"
import { DeploymentIds } from "../../src/ids/DeploymentIds.ts"
import { IdStore } from "../../src/ids/IdStore.ts"
import { Payers } from "../../src/payers/Payers.ts"
import { PaymentScript } from "../../src/payment/testing.ts"
import { PaymentService } from "../../src/payment/PaymentService.ts"
import { testSettings } from "../support/gateway.ts"

// The Worker as in src/worker.ts, on the real objects and the real KV; only chain, host and compiler are scripted, which
// the tests reach through these exports (they run in the same isolate).

/** The money of these tests. */
export const payments = new PaymentScript()
/** The host of these tests. */
export const host = new ControlPlaneMemory()

const settings = Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(testSettings))))
const payment = PaymentService.layerTest(payments)

const controlPlane = ControlPlaneClient.layerMemory(host)
const store = ExpiryStore.layerKv(env.EXPIRY)

const ids = DeploymentIds.layer.pipe(Layer.provide([controlPlane, IdStore.layerKv(env.EXPIRY), settings]))

/** What goes as it should is not worth a line here. */
const quiet = Layer.succeed(References.MinimumLogLevel, "Warn")

/** What was run in these tests: the input of each call, which is what it answers. */
export const runs: Array<string | null> = []
const runner = CodeRunner.layerTest({
  run: (_, input) =>
    Effect.sync(() => {
      runs.push(input)
      return { ok: true, result: input ?? "null", durationMs: 1 }
    })
})

const payers = Payers.layerDurable(env.PAYERS)

/** Every source makes other code, as it does in earnest. */
const bundler = Bundler.layerTest((files) =>
  Effect.succeed({
    entrypoint: "index.ts",
    main: "index.js",
    code: `export default { fetch: () => new Response(${JSON.stringify(Object.values(files).join(""))}) }`,
    compatibilityFlags: [],
    warnings: []
  })
)

const OrderLayer = OrderWorkflow.layer.pipe(
  Layer.provide([payment, payers, controlPlane, store, ids, bundler, runner, settings]),
  Layer.merge(quiet)
)

/** The key that scheduled calls are signed with in these tests. */
export const cronSecret = "a cron secret"

const orders = Orders.layerDurable(env.ORDERS).pipe(Layer.provide(ids))
const GatewayLayer = Layer.mergeAll(
  payment,
  orders,
  runner,
  CronSecret.layerTest(cronSecret),
  ReplayGuard.layerDurable(env.CLAIMS),
  Sweep.layer.pipe(Layer.provide([controlPlane, store, orders, ids])),
  settings,
  quiet
)

export { ReplayGuardObject } from "../../src/schedule/ReplayGuardObject.ts"
export { PayerObject } from "../../src/payers/PayerObject.ts"
export class OrderObject extends makeOrderObject(ManagedRuntime.make(OrderLayer)) {}

export default { fetch: serve(GatewayLayer) } satisfies ExportedHandler
