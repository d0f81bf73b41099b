import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { serve } from "../../src/api/app.ts"
import { layerCredentialRateLimit } from "../../src/api/paid/CredentialRateLimit.ts"
import { type Bundler } from "../../src/bundler/Bundler.ts"
import { composeGateway, composeOrders } from "../../src/compose.ts"
import { layerSettings, Settings } from "../../src/config.ts"
import { ControlPlaneMemory, layerControlPlaneMemory } from "../../src/control-plane/testing.ts"
import { HostHealth } from "../../src/orders/delivery/HostHealth.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { type CodeRunner } from "../../src/sandbox/CodeRunner.ts"
import { layerDeploymentIds } from "../../src/ids/DeploymentIds.ts"
import { jsonLine } from "../../src/logging.ts"
import { layerPaymentTest, PaymentScript, testCredential } from "../../src/payment/testing.ts"
import { layerCronSecretTest, layerReplayGuardMemory, layerSweepCursorMemory } from "../../src/schedule/testing.ts"
import { ExpiryMemory, layerExpiryStoreMemory } from "../../src/expiry/testing.ts"
import { layerRecordsMemory, RecordsMemory } from "../../src/records/testing.ts"
import { layerNoRunner } from "../../src/sandbox/layers.ts"
import { layerCodeRunnerTest } from "../../src/sandbox/testing.ts"
import { layerIdStoreMemory } from "../../src/ids/testing.ts"
import { UntakenTokens } from "../../src/payment/UntakenTokens.ts"
import { Payers } from "../../src/payers/Payers.ts"
import { layerPayersMemory } from "../../src/payers/testing.ts"
import { makeOrdersMemory } from "../../src/orders/testing.ts"
import { layerBundlerTest } from "../../src/bundler/testing.ts"

/** Complete settings that name nothing real. */
export const testSettings: Record<string, string> = {
  MPP_SECRET_KEY: "a secret of at least thirty-two characters",
  REALM: "gateway.test",
  TEMPO_RECIPIENT: `0x${"1".repeat(40)}`,
  TEMPO_NETWORK: "local",
  CONTROL_PLANE_TOKEN: `jkt_${"0".repeat(64)}`,
  NPM_REGISTRY: "https://registry.test"
}

/** The headline example. */
export const helloBody = JSON.stringify({ files: { "index.ts": "export default { fetch }" }, name: "my-api" })

/** Makes an update's body from a deploy's by removing the name. The blanks at its end stay, so that bodies still differ. */
export const asUpdate = (body: string): string =>
  JSON.stringify({ files: (JSON.parse(body) as { files: unknown }).files }) + body.slice(body.trimEnd().length)

/** The parts that a test may replace. All others succeed. */
export interface Parts {
  readonly settings?: Record<string, string>
  /** The key of the services, which a test may change while they run. */
  readonly secretKey?: { value: string }
  readonly bundle?: Bundler["Service"]["bundle"]
  readonly check?: CodeRunner["Service"]["check"]
  readonly run?: CodeRunner["Service"]["run"]
  /** The key of scheduled calls; without it there is no key. */
  readonly cronSecret?: string
  readonly orders?: Pick<Orders["Service"], "submit" | "status">
  /** The required bindings. */
  readonly bindings?: Readonly<Record<string, unknown>>
  /** The rate-limit binding. */
  readonly limit?: RateLimit
  /** Sends telemetry. Without it, the test can read the spans. */
  readonly telemetry?: Layer.Layer<never>
}

/** A runner that runs no code unless the test scripts it. */
const runnerOf = ({ check, run }: Parts) =>
  check === undefined && run === undefined
    ? layerNoRunner
    : layerCodeRunnerTest({ ...(check !== undefined && { check }), ...(run !== undefined && { run }) })

/** The settings, with a key that changes while the services run, as if each of them started again with the other key. */
const withKey = (key: Parts["secretKey"]) =>
  Layer.effect(
    Settings,
    Effect.map(Settings, (settings) =>
      key === undefined
        ? settings
        : Object.defineProperty({ ...settings }, "MPP_SECRET_KEY", { get: () => Redacted.make(key.value) })
    )
  )

/** The whole gateway over scripted services: the HTTP edge, the `OrderWorkflow`, and memories that a test can read. */
export const makeGateway = (parts: Parts = {}) => {
  const payments = new PaymentScript()
  const host = new ControlPlaneMemory()
  const expiry = new ExpiryMemory()
  const records = new RecordsMemory()
  const logs: Array<LogLine> = []
  const log = Logger.layer([
    Logger.map(jsonLine, (line) => {
      logs.push(JSON.parse(line) as LogLine)
      // Vitest prints it if the test fails.
      console.log(line)
    })
  ])
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const trace = parts.telemetry === undefined ? Layer.succeed(Tracer.Tracer, tracer) : Layer.empty
  const memory = makeOrdersMemory()
  let made: Payers["Service"] | undefined
  const layers = {
    settings: withKey(parts.secretKey).pipe(
      Layer.provide(layerSettings(parts.bindings ?? {})),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(parts.settings ?? testSettings)))
    ),
    payment: layerPaymentTest(payments),
    host: layerControlPlaneMemory(host),
    store: layerExpiryStoreMemory(expiry),
    records: layerRecordsMemory(records),
    ids: layerDeploymentIds.pipe(Layer.provide(layerIdStoreMemory)),
    bundler: layerBundlerTest(parts.bundle),
    runner: runnerOf(parts),
    payers: Layer.tap(layerPayersMemory, (context) =>
      Effect.sync(() => {
        made = Context.get(context, Payers)
      })
    ),
    deployments: memory.deployments,
    schedule: Layer.mergeAll(layerCronSecretTest(parts.cronSecret), layerReplayGuardMemory),
    cursor: layerSweepCursorMemory,
    limit: layerCredentialRateLimit(parts.limit),
    log: (parts.telemetry ?? Layer.empty).pipe(Layer.provideMerge(log))
  }
  const orders =
    parts.orders === undefined
      ? memory.orders.pipe(Layer.provide(composeOrders(layers)))
      : Layer.succeed(Orders, {
          execute: () => Effect.die(new Error("not scripted")),
          update: () => Effect.die(new Error("not scripted")),
          remove: () => Effect.die(new Error("not scripted")),
          inspect: () => Effect.undefined,
          takeDown: () => Effect.die(new Error("not scripted")),
          readSource: () => Effect.die(new Error("not scripted")),
          readLogs: () => Effect.die(new Error("not scripted")),
          renew: () => Effect.die(new Error("not scripted")),
          hold: () => Effect.die(new Error("not scripted")),
          commit: () => Effect.die(new Error("not scripted")),
          release: () => Effect.die(new Error("not scripted")),
          claims: () => Effect.succeed(false),
          ...parts.orders
        })
  const health = Layer.succeed(HostHealth, { learned: undefined })
  const untaken = Layer.succeed(UntakenTokens, new Set<string>())
  const services = Layer.mergeAll(composeGateway({ ...layers, orders }), health, untaken)
  // The traced gateway answers each request by its router.
  const handler = serve(Layer.merge(services, trace))

  const send = (path: string, init?: RequestInit) => handler(new Request(`http://gateway.test${path}`, init))

  const post = (body: BodyInit | null = helloBody, headers: Record<string, string> = {}, path = "/deploy") =>
    send(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } })

  /** Returns the challenge in the answer to a call. */
  const challengeFor = async (
    body: BodyInit | null = helloBody,
    headers: Record<string, string> = {},
    path = "/deploy"
  ) => {
    const response = await post(body, headers, path)
    return response.headers.get("www-authenticate") ?? ""
  }

  /** Makes a paid call of `payer`, with a fresh challenge. */
  const pay = async (
    options: { body?: string; payer?: string; headers?: Record<string, string>; path?: string } = {}
  ) => {
    const { body = helloBody, payer = "0xpayer", headers = {}, path = "/deploy" } = options
    const authorization = testCredential(await challengeFor(body, headers, path), payer)
    return post(body, { ...headers, authorization }, path)
  }

  /** Does something at the payers' service, which the first request makes. */
  const atPayers = async <A, E>(use: (payers: Payers["Service"]) => Effect.Effect<A, E>): Promise<A> => {
    await send("/health")
    return Effect.runPromise(use(made!))
  }

  return { atPayers, services, payments, host, expiry, records, logs, spans, handler, send, post, challengeFor, pay }
}

/** A line of the log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>

/** The fields that every problem+json answer has. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly charged: boolean | null
  readonly [extension: string]: unknown
}

/** The problem in a response, after checking that it is one. */
export const problem = async (response: Response): Promise<ProblemBody> => {
  const type = response.headers.get("content-type") ?? ""
  if (!type.startsWith("application/problem+json")) throw new Error(`${response.status} ${type}, no problem`)
  return response.json()
}

/** The answer of a deploy. */
export interface Deployment {
  readonly url: string
  readonly deployment_id: string
  readonly expires_at: string
  readonly ttl_hours: number
}

/** The deployment in a response, after checking that it is one. */
export const deployment = async (response: Response): Promise<Deployment> => {
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}, no deployment`)
  return response.json()
}
