import type * as LogLevel from "effect/LogLevel"
import type * as OtlpLogger from "effect/observability/OtlpLogger"
import type * as OtlpMetrics from "effect/observability/OtlpMetrics"
import { entriesToAttributes } from "effect/observability/OtlpResource"
import type * as OtlpTracer from "effect/observability/OtlpTracer"
import * as Option from "effect/Option"
import type { CollectedSpan } from "./CollectedSpan.ts"
import type { CollectedLog } from "./log-record.ts"
import { UNITS } from "./metrics.ts"

/** Collected items in the shapes of OTLP/JSON (opentelemetry-proto 1.x). */

type Span = OtlpTracer.ScopeSpan["spans"][number]
type LogRecord = NonNullable<OtlpLogger.LogsData["resourceLogs"][number]["scopeLogs"][number]["logRecords"]>[number]

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }

/** `STATUS_CODE_UNSET` and `STATUS_CODE_ERROR`. Instrumentation leaves `OK` to the operator. */
const UNSET = 0
const ERROR = 2

/** Encodes a span. Its error is its tag alone. */
export const encodeSpan = (span: CollectedSpan): Span => {
  const { error, kind, attributes, links } = span
  // A request has failed from status 500 up. Its error is the code of the answer.
  const status = Number(attributes.get("http.response.status_code"))
  const failed = kind === "server" ? status >= 500 : error !== undefined
  const type = kind === "server" ? (attributes.get("mpp_compute.code") ?? String(status)) : error
  const all = new Map(attributes)
  if (failed && !all.has("error.type")) all.set("error.type", type)
  const url = kind === "client" ? urlOf(attributes) : undefined
  if (url !== undefined) all.set("url.full", url)
  return {
    traceId: span.traceId.padStart(32, "0"),
    spanId: span.spanId,
    parentSpanId: Option.getOrUndefined(span.parent)?.spanId,
    name: span.name,
    kind: KINDS[kind],
    startTimeUnixNano: String(span.startTime),
    endTimeUnixNano: String(span.endTime ?? span.startTime),
    attributes: entriesToAttributes(all),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    status: { code: failed ? ERROR : UNSET },
    links: links.map(({ span: { traceId, spanId } }) => ({
      traceId: traceId.padStart(32, "0"),
      spanId,
      attributes: [],
      droppedAttributesCount: 0
    })),
    droppedLinksCount: 0
  }
}

/** The URL of a client's request, without a query, or a user in it, which may be secret. */
const urlOf = (attributes: ReadonlyMap<string, unknown>): string | undefined => {
  const [scheme, host, port, path] = ["url.scheme", "server.address", "server.port", "url.path"].map((key) =>
    attributes.get(key)
  )
  const address = String(host).includes(":") ? `[${String(host)}]` : String(host)
  const standard = port === (scheme === "https" ? 443 : 80)
  return host === undefined
    ? undefined
    : `${String(scheme)}://${address}${standard ? "" : `:${String(port)}`}${String(path)}`
}

const SEVERITIES: Readonly<Record<LogLevel.LogLevel, NonNullable<LogRecord["severityNumber"]>>> = {
  All: 0,
  Trace: 1,
  Debug: 5,
  Info: 9,
  Warn: 13,
  Error: 17,
  Fatal: 21,
  None: 0
}

/** Encodes a log record. */
export const encodeLog = ({ time, level, message, attributes, span }: CollectedLog): LogRecord => {
  const timeUnixNano = String(BigInt(time.getTime()) * 1_000_000n)
  return {
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    severityNumber: SEVERITIES[level],
    severityText: level,
    body: { stringValue: message },
    attributes: entriesToAttributes(Object.entries(attributes)),
    droppedAttributesCount: 0,
    ...(span !== undefined && { traceId: span.traceId.padStart(32, "0"), spanId: span.spanId })
  }
}

type Metric = OtlpMetrics.MetricsData["resourceMetrics"][number]["scopeMetrics"][number]["metrics"][number]

/** Leaves out the series that have counted nothing since the last batch. */
const changed = ({ sum, histogram, ...metric }: Metric): Metric => ({
  ...metric,
  // Effect's metrics can have a unit only as an attribute of each point.
  unit: UNITS[metric.name] ?? "1",
  ...(sum && { sum: { ...sum, dataPoints: sum.dataPoints.filter(({ asInt }) => asInt !== 0) } }),
  ...(histogram && {
    histogram: { ...histogram, dataPoints: histogram.dataPoints.filter(({ count }) => count !== 0) }
  })
})

/** Completes the metrics of Effect, which count in deltas. */
export const completeMetrics = ({ resourceMetrics }: OtlpMetrics.MetricsData): OtlpMetrics.MetricsData => ({
  resourceMetrics: resourceMetrics.map((resource) => ({
    ...resource,
    scopeMetrics: resource.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map(changed).filter(({ sum, histogram }) => (sum ?? histogram)?.dataPoints.length !== 0)
    }))
  }))
})
