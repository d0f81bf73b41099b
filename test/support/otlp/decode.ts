import * as Schema from "effect/Schema"

/**
 * OTLP/JSON as opentelemetry-proto 1.x defines it: lowerCamelCase names, ids in hexadecimal digits, 64-bit integers as decimal strings or
 * safe numbers, enums as integers. Decoding fails for any other field, so that a misspelled one is found, and for text that is no Unicode,
 * for which parsers of protobuf's JSON refuse a whole request.
 */

const Text = Schema.String.check(Schema.makeFilter((text: string) => text.isWellFormed()))

const Nanos = Schema.String.check(Schema.isPattern(/^[1-9]\d{0,19}$/))
const Int64 = Schema.Union([Schema.String.check(Schema.isPattern(/^-?\d+$/)), Schema.Int])
const TraceId = Schema.String.check(Schema.isPattern(/^(?!0{32})[0-9a-f]{32}$/))
const SpanId = Schema.String.check(Schema.isPattern(/^(?!0{16})[0-9a-f]{16}$/))
const Dropped = Schema.Literal(0)

const Value = Schema.Union([
  Schema.Struct({ stringValue: Text }),
  Schema.Struct({ boolValue: Schema.Boolean }),
  Schema.Struct({ intValue: Int64 }),
  Schema.Struct({ doubleValue: Schema.Number })
])
const Attributes = Schema.Array(Schema.Struct({ key: Schema.NonEmptyString, value: Value }))
const Resource = Schema.Struct({ attributes: Attributes, droppedAttributesCount: Dropped })
const Scope = Schema.Struct({ name: Schema.NonEmptyString, version: Schema.optionalKey(Schema.String) })

const SpanSchema = Schema.Struct({
  traceId: TraceId,
  spanId: SpanId,
  parentSpanId: Schema.optionalKey(SpanId),
  name: Schema.NonEmptyString,
  kind: Schema.Literals([1, 2, 3, 4, 5]),
  startTimeUnixNano: Nanos,
  endTimeUnixNano: Nanos,
  attributes: Attributes,
  droppedAttributesCount: Dropped,
  events: Schema.Tuple([]),
  droppedEventsCount: Dropped,
  status: Schema.Struct({ code: Schema.Literals([0, 2]) }),
  links: Schema.Array(
    Schema.Struct({ traceId: TraceId, spanId: SpanId, attributes: Attributes, droppedAttributesCount: Dropped })
  ),
  droppedLinksCount: Dropped
})

const LogSchema = Schema.Struct({
  timeUnixNano: Nanos,
  observedTimeUnixNano: Nanos,
  severityNumber: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 24 })),
  severityText: Schema.NonEmptyString,
  body: Schema.Struct({ stringValue: Schema.NonEmptyString }),
  attributes: Attributes,
  droppedAttributesCount: Dropped,
  traceId: Schema.optionalKey(TraceId),
  spanId: Schema.optionalKey(SpanId)
})

const point = { attributes: Attributes, startTimeUnixNano: Nanos, timeUnixNano: Nanos }
/** `AGGREGATION_TEMPORALITY_DELTA` */
const Delta = Schema.Literal(1)
const Sum = Schema.Struct({
  aggregationTemporality: Delta,
  isMonotonic: Schema.Literal(true),
  dataPoints: Schema.Array(Schema.Struct({ ...point, asInt: Int64 }))
})
const Histogram = Schema.Struct({
  aggregationTemporality: Delta,
  dataPoints: Schema.Array(
    Schema.Struct({
      ...point,
      count: Schema.Int,
      sum: Schema.Number,
      min: Schema.optionalKey(Schema.Number),
      max: Schema.optionalKey(Schema.Number),
      bucketCounts: Schema.Array(Schema.Int),
      explicitBounds: Schema.Array(Schema.Number)
    }).check(Schema.makeFilter(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1))
  )
})
const named = { name: Schema.NonEmptyString, description: Schema.String, unit: Schema.NonEmptyString }
const MetricSchema = Schema.Union([
  Schema.Struct({ ...named, sum: Sum }),
  Schema.Struct({ ...named, histogram: Histogram })
])

const Requests = {
  "/v1/traces": Schema.Struct({
    resourceSpans: Schema.Array(
      Schema.Struct({
        resource: Resource,
        scopeSpans: Schema.Array(Schema.Struct({ scope: Scope, spans: Schema.Array(SpanSchema) }))
      })
    )
  }),
  "/v1/logs": Schema.Struct({
    resourceLogs: Schema.Array(
      Schema.Struct({
        resource: Resource,
        scopeLogs: Schema.Array(Schema.Struct({ scope: Scope, logRecords: Schema.Array(LogSchema) }))
      })
    )
  }),
  "/v1/metrics": Schema.Struct({
    resourceMetrics: Schema.Array(
      Schema.Struct({
        resource: Resource,
        scopeMetrics: Schema.Array(Schema.Struct({ scope: Scope, metrics: Schema.Array(MetricSchema) }))
      })
    )
  })
}

/** Attributes as a record. */
export type Fields = Readonly<Record<string, string | number | boolean>>

/** A span as a collector has it. */
export type Span = Omit<typeof SpanSchema.Type, "attributes"> & {
  readonly attributes: Fields
  readonly resource: Fields
}
/** A log record as a collector has it. */
export type LogRecord = Omit<typeof LogSchema.Type, "attributes" | "body"> & {
  readonly message: string
  readonly attributes: Fields
  readonly resource: Fields
}
/** A point of a sum or a histogram: `value` is what it adds. */
export interface Point {
  readonly name: string
  readonly unit: string
  readonly value: bigint
  /** Its series, and the beginning of its time. Of two with one key, the later has counted all that the earlier has. */
  readonly key: string
  readonly attributes: Fields
  readonly resource: Fields
}

/** The content of one request. */
export interface Decoded {
  readonly spans: ReadonlyArray<Span>
  readonly logs: ReadonlyArray<LogRecord>
  readonly points: ReadonlyArray<Point>
}

const keyOf = (...of: ReadonlyArray<unknown>): string => JSON.stringify(of)

const fieldsOf = (attributes: typeof Attributes.Type): Fields =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0] as string | number | boolean] as const)
  )

const exact = { onExcessProperty: "error" } as const
const nothing: Decoded = { spans: [], logs: [], points: [] }

/** Decodes the body of an export request, or throws. */
export const decodeRequest = (path: string, body: string): Decoded => {
  const json: unknown = JSON.parse(body)
  switch (path) {
    case "/v1/traces": {
      const { resourceSpans } = Schema.decodeUnknownSync(Requests[path], exact)(json)
      const spans = resourceSpans.flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap((scope) =>
          scope.spans.map((span) => ({
            ...span,
            attributes: fieldsOf(span.attributes),
            resource: fieldsOf(resource.attributes)
          }))
        )
      )
      return { ...nothing, spans }
    }
    case "/v1/logs": {
      const { resourceLogs } = Schema.decodeUnknownSync(Requests[path], exact)(json)
      const logs = resourceLogs.flatMap(({ resource, scopeLogs }) =>
        scopeLogs.flatMap(({ logRecords }) =>
          logRecords.map(({ body, ...log }) => ({
            ...log,
            message: body.stringValue,
            attributes: fieldsOf(log.attributes),
            resource: fieldsOf(resource.attributes)
          }))
        )
      )
      return { ...nothing, logs }
    }
    case "/v1/metrics": {
      const { resourceMetrics } = Schema.decodeUnknownSync(Requests[path], exact)(json)
      const points = resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.flatMap((metric) => {
            const common = { name: metric.name, unit: metric.unit, resource: fieldsOf(resource.attributes) }
            return "sum" in metric
              ? metric.sum.dataPoints.map(({ asInt, attributes, startTimeUnixNano }) => ({
                  ...common,
                  key: keyOf(common, attributes, startTimeUnixNano),
                  value: BigInt(asInt),
                  attributes: fieldsOf(attributes)
                }))
              : metric.histogram.dataPoints.map(({ count, attributes, startTimeUnixNano }) => ({
                  ...common,
                  key: keyOf(common, attributes, startTimeUnixNano),
                  value: BigInt(count),
                  attributes: fieldsOf(attributes)
                }))
          })
        )
      )
      return { ...nothing, points }
    }
    default:
      throw new Error(`no OTLP request has the path ${path}`)
  }
}
