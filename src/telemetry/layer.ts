import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { Settings, type Values } from "../config.ts"
import { CollectedSpan, type SpanSink } from "./CollectedSpan.ts"
import { Collector, type Send } from "./Collector.ts"
import { makeSend } from "./exporter.ts"
import { describeRequest, logRecord } from "./log-record.ts"
import { countRequest, registryContext } from "./metrics.ts"
import { makeScrub } from "./scrub.ts"

/**
 * Sends traces, metrics and logs by OTLP, if `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Else it does nothing. The layers of one isolate share what
 * this returns once.
 *
 * @param waitUntil keeps the present request, or object, at work after its answer.
 */
export const layerOtlp = (waitUntil: (work: Promise<unknown>) => void): Layer.Layer<never, never, Settings> => {
  let made: Layer.Layer<never> | undefined
  return Layer.unwrap(
    Effect.map(Settings, (settings) => {
      const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
      return endpoint === undefined ? Layer.empty : (made ??= makeLayer(endpoint, settings, waitUntil))
    })
  )
}

const makeLayer = (
  endpoint: string,
  settings: Partial<Values>,
  waitUntil: (work: Promise<unknown>) => void
): Layer.Layer<never> => {
  const registry: Metric.MetricRegistry = new Map()
  const counted = registryContext(registry)
  const headers = settings.OTEL_EXPORTER_OTLP_HEADERS
  let made: Send | undefined
  // Made with the first batch, because its random id may not be made at module scope.
  const send: Send = async (batch) => {
    made ??= makeSend({
      endpoint,
      headers: headers === undefined ? {} : Redacted.value(headers),
      serviceName: settings.REALM ?? "mpp-compute",
      instanceId: crypto.randomUUID(),
      registry,
      scrub: makeScrub(settings)
    })
    return made(batch)
  }
  const collector = new Collector(send, waitUntil)
  const sink: SpanSink = {
    addSpans: (spans, isOrder) => safely(() => collector.addSpans(spans, isOrder)),
    answered: (span) => safely(() => count(counted, span))
  }
  const tracer = Tracer.make({ span: (options) => new CollectedSpan(options, sink) })
  const logger = Logger.make<unknown, void>((options) =>
    safely(() => {
      const span = Context.getOrUndefined(options.fiber.context, Tracer.ParentSpan)
      const request = span instanceof CollectedSpan ? span.request : undefined
      const record = () => {
        const made = logRecord(options)
        describeRequest(made)
        return made
      }
      collector.addLog(record, request === undefined || request.reachedOrder)
    })
  )
  return Layer.mergeAll(
    Layer.succeed(Tracer.Tracer, tracer),
    Logger.layer([logger], { mergeWithExisting: true }),
    Layer.succeedContext(counted)
  )
}

/** No error of telemetry may end a request or an order. */
const safely = (work: () => void): void => {
  try {
    work()
  } catch (cause) {
    console.error("telemetry failed", cause)
  }
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"])

const count = (registry: Context.Context<never>, span: CollectedSpan): void => {
  const method = String(span.attributes.get("http.request.method"))
  const status = Number(span.attributes.get("http.response.status_code") ?? 499)
  const seconds = Number((span.endTime ?? span.startTime) - span.startTime) / 1e9
  countRequest(registry, { method: METHODS.has(method) ? method : "_OTHER", route: span.route, status }, seconds)
}
