import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as Layer from "effect/Layer"
import type * as Metric from "effect/Metric"
import * as OtlpExporter from "effect/observability/OtlpExporter"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpResource from "effect/observability/OtlpResource"
import { OtlpSerialization } from "effect/observability/OtlpSerialization"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Send } from "./Collector.ts"
import { completeMetrics, encodeLog, encodeSpan } from "./encode.ts"
import { countDropped, registryContext } from "./metrics.ts"

/** The collector has this long to take a batch, with all tries. */
const SEND_TIMEOUT = "5 seconds"

/** Where to send, and as whom. */
export interface Target {
  /** The URL of the collector, to whose path `/v1/traces` is appended. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  /** Tells this isolate from others, because each counts by itself. */
  readonly instanceId: string
  readonly registry: Metric.MetricRegistry
  /** Takes out of a text what must not leave. */
  readonly scrub: (text: string) => string
}

/**
 * Sends by Effect's exporter: OTLP over HTTP, as JSON. Its timers are off, because they would belong to one request: each batch is sent when
 * `Send` is called, within the request that calls it. Each kind of data that the collector refuses pauses for a minute by itself.
 */
export const makeSend = (target: Target): Send => {
  const { endpoint, headers, serviceName, registry, scrub } = target
  const attributes = { "service.instance.id": target.instanceId }
  const resource = OtlpResource.make({ serviceName, attributes })
  const scope = { name: "mpp-compute" }
  const json = (data: object) => HttpBody.text(scrub(JSON.stringify(data)), "application/json")
  const serialization = OtlpSerialization.of({
    traces: json,
    logs: json,
    metrics: (data) => json(completeMetrics(data))
  })
  const to = (signal: string) => ({
    url: urlOf(endpoint, signal),
    headers,
    exportInterval: Duration.infinity,
    shutdownTimeout: Duration.zero
  })
  const batched = <A>(signal: string, encode: (items: Array<A>) => HttpBody.HttpBody) =>
    OtlpExporter.make({
      ...to(signal),
      label: signal,
      maxBatchSize: "disabled",
      body: (items: Array<A>) => [encode(items), Effect.void]
    })

  const exporters = Effect.gen(function* () {
    const spans = yield* batched<Parameters<typeof encodeSpan>[0]>("traces", (items) =>
      serialization.traces({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: items.map(encodeSpan) }] }] })
    )
    const logs = yield* batched<Parameters<typeof encodeLog>[0]>("logs", (items) =>
      serialization.logs({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: items.map(encodeLog) }] }] })
    )
    // Delta, because an isolate lives shortly: its counts are added up, whichever isolate they come from.
    yield* OtlpMetrics.make({ ...to("metrics"), temporality: "delta", resource: { serviceName, attributes } })
    return { spans, logs, ...(yield* OtlpExporter.Flusher) }
  })
  const services = Layer.mergeAll(
    OtlpExporter.layerFlusher,
    FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetchStatus))),
    Layer.succeed(OtlpSerialization, serialization)
  )
  const { spans, logs, flush } = Effect.runSync(
    exporters.pipe(
      Effect.provide(services),
      Effect.provideService(Scope.Scope, Scope.makeUnsafe()),
      Effect.provideContext(registryContext(registry))
    )
  )
  return async (batch) => {
    if (batch.dropped > 0) countDropped(registryContext(registry), batch.dropped)
    for (const span of batch.spans) spans.push(span)
    for (const log of batch.logs) logs.push(log)
    return Option.isSome(await Effect.runPromise(Effect.timeoutOption(flush, SEND_TIMEOUT)))
  }
}

/** The URL for a kind of data. A query, which some collectors take their key from, stays. */
const urlOf = (endpoint: string, signal: string): string => {
  const url = new URL(endpoint)
  url.pathname += `${url.pathname.endsWith("/") ? "" : "/"}v1/${signal}`
  url.hash = ""
  return url.href
}

/**
 * Fetches, and returns the answer without its body, which may be of any length. Follows no redirect, because the headers are meant for
 * the collector alone.
 */
const fetchStatus: typeof fetch = async (input, init) => {
  const { status, headers, body } = await fetch(input, { ...init, redirect: "manual" })
  void body?.cancel().catch(() => {})
  return new Response(null, { status: status < 200 ? 500 : status, headers })
}
