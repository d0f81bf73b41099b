import type { Span } from "../../support/otlp/decode.ts"

/** The kinds of spans that the semantic conventions for HTTP are about, as OTLP numbers them. */
export const SERVER = 2
export const CLIENT = 3

/** When a span began, in unix milliseconds. */
export const startOf = ({ startTimeUnixNano }: Span): number => Number(BigInt(startTimeUnixNano) / 1_000_000n)

/** When a span ended, in unix milliseconds. */
export const endOf = ({ endTimeUnixNano }: Span): number => Number(BigInt(endTimeUnixNano) / 1_000_000n)

/** Whether the span is about a deployment. */
export const isAbout =
  (id: string) =>
  ({ attributes }: Span): boolean =>
    attributes["mpp_compute.deployment_id"] === id

/** The spans of the trace that has this one, or of none. */
export const traceOf = (spans: ReadonlyArray<Span>, one: Span | undefined): ReadonlyArray<Span> =>
  spans.filter(({ traceId }) => traceId === one?.traceId)

/** The names of the spans that are no root, and whose parent is not in their trace. */
export const orphansIn = (trace: ReadonlyArray<Span>): ReadonlyArray<string> => {
  const ids = new Set(trace.map(({ spanId }) => spanId))
  return trace
    .filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId))
    .map(({ name }) => name)
}

/** The names of a span and of those around it, outermost first. */
export const wayTo = (trace: ReadonlyArray<Span>, name: string): ReadonlyArray<string> => {
  const names: Array<string> = []
  for (let span = trace.find((span) => span.name === name); span !== undefined;) {
    names.unshift(span.name)
    const { parentSpanId } = span
    span = trace.find(({ spanId }) => spanId === parentSpanId)
  }
  return names
}
