import { env } from "cloudflare:workers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import { serve } from "../../src/api/app.ts"
import { composeGateway, composeOrders } from "../../src/compose.ts"
import { layerSettings, Settings } from "../../src/config.ts"
import { ControlPlaneMemory, layerControlPlaneMemory } from "../../src/control-plane/testing.ts"
import { makeOrderObject } from "../../src/orders/OrderObject.ts"
import { layerDeploymentIds } from "../../src/ids/DeploymentIds.ts"
import { PaymentService } from "../../src/payment/PaymentService.ts"
import { layerPaymentTest, PaymentScript } from "../../src/payment/testing.ts"
import { testSettings } from "../support/gateway.ts"
import { layerReplayGuardDurable } from "../../src/schedule/replay-guard-durable.ts"
import { layerSweepCursorKv } from "../../src/schedule/sweep-cursor-kv.ts"
import { layerCronSecretTest } from "../../src/schedule/testing.ts"
import { layerCodeRunnerTest } from "../../src/sandbox/testing.ts"
import { layerExpiryStoreKv } from "../../src/expiry/kv.ts"
import { layerRecordsKv } from "../../src/records/kv.ts"
import { layerPayersDurable } from "../../src/payers/durable.ts"
import { Payers } from "../../src/payers/Payers.ts"
import { layerOrdersDurable } from "../../src/orders/durable.ts"
import { Busy, Internal } from "../../src/domain/Errors.ts"
import { Deployments } from "../../src/orders/renewal/Deployments.ts"
import { layerDeployments } from "../../src/orders/renewal/layer.ts"
import { layerBundlerTest, testBundle } from "../../src/bundler/testing.ts"
import { layerIdStoreKv } from "../../src/ids/kv.ts"

// The Worker as in src/worker.ts, on the real objects and the real KV. Only chain, host and compiler are scripted, and the
// tests reach them through these exports, because they run in the same isolate.

/** The scripted payments of these tests. */
export const payments = new PaymentScript()
/** The host of these tests. */
export const host = new ControlPlaneMemory()

/** Successful steps are not logged here. */
const quiet = Layer.succeed(References.MinimumLogLevel, "Warn")

/** The runs of these tests: the input of each call, which is also its answer. */
export const runs: Array<string | null> = []
const runner = layerCodeRunnerTest({
  run: (_, input) =>
    Effect.sync(() => {
      runs.push(input)
      return { ok: true, result: input ?? "null", durationMs: 1 }
    })
})

/** Every source makes other code, as in production. */
const bundler = layerBundlerTest((files) => {
  const code = `export default { fetch: () => new Response(${JSON.stringify(Object.values(files).join(""))}) }`
  return Effect.succeed(testBundle({ main: "index.js", code }))
})

/** The key that signs scheduled calls in these tests. */
export const cronSecret = "a cron secret"

/** The operator's password in these tests. */
export const operatorToken = "the operator's token of thirty-two characters"

/** A call of a deployment by its renewal that goes wrong: it does not arrive, or its answer does not. */
export interface Broken {
  readonly operation: "hold" | "commit"
  readonly lost: "call" | "answer"
  /** Whether the caller waits for ever, as it does if it is killed meanwhile. */
  readonly hangs: boolean
}

/**
 * The death of the process at one of its points: before or after a write of a purchase, a call of another object, or a call of the
 * chain. `at` is the number of the point; 0 for none. A dead process does nothing more.
 */
export const death = { at: 0, points: 0, dead: false }

/** Passes a point, and returns whether the process is dead. */
const isDead = (): boolean => {
  if (!death.dead && death.at > 0 && ++death.points === death.at) death.dead = true
  return death.dead
}

/** Puts a point before and one after a call. */
const mortal = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => (isDead() ? Effect.never : call)).pipe(
    Effect.flatMap((value) => (isDead() ? Effect.never : Effect.succeed(value)))
  )

/** Puts a point before and one after each write of a purchase. */
const makeMortal = ({ sql }: DurableObjectStorage): void => {
  const exec = sql.exec.bind(sql)
  const counted = (query: string, ...values: ReadonlyArray<SqlStorageValue>) => {
    const counts = query.startsWith("INSERT INTO purchase")
    if (counts && isDead()) throw new Error("killed before a write")
    const rows = exec(query, ...values)
    if (counts && isDead()) throw new Error("killed after a write")
    return rows
  }
  Object.defineProperty(sql, "exec", { value: counted })
}

/** The next calls that go wrong. */
export const broken: Array<Broken> = []

const breaking =
  <Arguments extends ReadonlyArray<unknown>, A, E>(
    operation: Broken["operation"],
    call: (...values: Arguments) => Effect.Effect<A, E>
  ) =>
  (...values: Arguments): Effect.Effect<A, E | Internal> =>
    Effect.suspend((): Effect.Effect<A, E | Internal> => {
      const [first] = broken
      if (first?.operation !== operation) return call(...values)
      broken.shift()
      const arrives = first.lost === "answer" ? Effect.asVoid(call(...values)) : Effect.void
      const end = first.hangs ? Effect.never : new Internal({ detail: "scripted", charged: null })
      return Effect.andThen(arrives, end)
    })

const deployments = Layer.effect(
  Deployments,
  Effect.map(Deployments, ({ hold, commit, release }) => ({
    hold: breaking("hold", (request) => mortal(hold(request))),
    commit: breaking("commit", (request) => mortal(commit(request))),
    release
  }))
).pipe(Layer.provide(layerDeployments), Layer.provide(layerOrdersDurable(env.ORDERS)))

/** How notices to payers' objects fare: they arrive, are refused, or the process dies while it sends them. */
export const mail: { fate: "arrives" | "refused" | "dies" } = { fate: "arrives" }

const payers = Layer.effect(
  Payers,
  Effect.map(Payers, (service) => ({
    ...service,
    record: (notice) =>
      Effect.suspend(() => {
        if (mail.fate === "arrives") return service.record(notice)
        return mail.fate === "dies" ? Effect.never : new Busy({ detail: "scripted", retry_after: 1 })
      })
  }))
).pipe(Layer.provide(layerPayersDurable(env.PAYERS)))

const payment = Layer.effect(
  PaymentService,
  Effect.map(PaymentService, (service) => ({
    ...service,
    authorize: (verified, terms) => mortal(service.authorize(verified, terms)),
    capture: (authorization) => mortal(service.capture(authorization))
  }))
).pipe(Layer.provide(layerPaymentTest(payments)))

/** How many deployments one payer may have at once. A test may change it; all others share a payer. */
export const limits = { maxLive: 1_000 }

const settings = Layer.effect(
  Settings,
  Effect.map(Settings, (known) =>
    Object.defineProperty({ ...known }, "MAX_LIVE_PER_PAYER", { get: () => limits.maxLive })
  )
).pipe(
  Layer.provide(layerSettings()),
  Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ...testSettings, OPERATOR_TOKEN: operatorToken })))
)

const layers = {
  settings,
  payment,
  host: layerControlPlaneMemory(host),
  store: layerExpiryStoreKv(env.EXPIRY),
  records: layerRecordsKv(env.EXPIRY),
  ids: layerDeploymentIds.pipe(Layer.provide(layerIdStoreKv(env.EXPIRY))),
  bundler,
  runner,
  orders: layerOrdersDurable(env.ORDERS),
  deployments,
  payers,
  schedule: Layer.mergeAll(layerCronSecretTest(cronSecret), layerReplayGuardDurable(env.CLAIMS)),
  cursor: layerSweepCursorKv(env.EXPIRY),
  limit: Layer.empty,
  log: quiet
}

export { ReplayGuardObject as Once } from "../../src/schedule/ReplayGuardObject.ts"
export { PayerObject as Payer } from "../../src/payers/PayerObject.ts"
export class Order extends makeOrderObject(ManagedRuntime.make(composeOrders(layers))) {
  constructor(state: DurableObjectState, bindings: unknown) {
    makeMortal(state.storage)
    super(state, bindings as never)
  }
}

export default { fetch: serve(composeGateway(layers)) } satisfies ExportedHandler
