import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** The counters of the service. Each counts into the registry of its fiber: the exporter's, or one that nobody reads. */

/** Bounds of the histogram in seconds, as the semantic conventions for HTTP recommend. Deploys take longer, so it goes on to 60. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60]

const requestDuration = (attributes: Readonly<Record<string, string>>) =>
  Metric.histogram("http.server.request.duration", {
    description: "Duration of HTTP server requests.",
    boundaries: SECONDS,
    attributes
  })

const challenges = (attributes: Readonly<Record<string, string>>) =>
  Metric.counter("mpp_compute.challenges", {
    description: "Answers with status 402.",
    bigint: true,
    incremental: true,
    attributes
  })

const transitions = Metric.counter("mpp_compute.order.transitions", {
  description: "Purchases that reached a state: capturing (begun), captured, delivered, failed, expired.",
  bigint: true,
  incremental: true
})

const captured = Metric.counter("mpp_compute.captured", {
  description: "Money that the chain has taken from payers for this service, in base units of the token.",
  bigint: true,
  incremental: true
})

const refusals = Metric.counter("mpp_compute.order.refusals", {
  description: "Calls of orders that ended without a charge, by the error.",
  bigint: true,
  incremental: true
})

const dropped = Metric.counter("mpp_compute.telemetry.dropped", {
  description: "Spans and log records that were not sent, because too many waited.",
  bigint: true,
  incremental: true
})

/** The unit of each metric (UCUM), where it is not 1. */
export const UNITS: Readonly<Record<string, string>> = {
  "http.server.request.duration": "s",
  "mpp_compute.challenges": "{challenge}",
  "mpp_compute.order.transitions": "{purchase}",
  "mpp_compute.captured": "{base_unit}",
  "mpp_compute.order.refusals": "{call}",
  "mpp_compute.telemetry.dropped": "{item}"
}

type Registry = Context.Context<never>

/** The context of a registry, for the functions that count outside of effects. */
export const registryContext = (registry: Metric.MetricRegistry): Registry =>
  Context.make(Metric.MetricRegistry, registry) as Registry

interface CountedRequest {
  readonly method: string
  readonly route: string | undefined
  readonly status: number
}

const requestSeries = (request: CountedRequest) => {
  const route = request.route === undefined ? {} : { "http.route": request.route }
  const attributes = {
    "http.request.method": request.method,
    "http.response.status_code": String(request.status),
    ...route,
    ...(request.status >= 500 && { "error.type": String(request.status) })
  }
  return { duration: requestDuration(attributes), challenges: request.status === 402 ? challenges(route) : undefined }
}

/** The series of requests that were counted. Each is made once, because that takes as long as ten counts. No client can add to their number. */
const known = new Map<string, ReturnType<typeof requestSeries>>()

/** Counts an answered request, and a challenge if it is one. `method` is a known one. `seconds` is its duration. */
export const countRequest = (registry: Registry, request: CountedRequest, seconds: number): void => {
  const name = `${request.method} ${request.status} ${request.route}`
  const series = known.get(name) ?? requestSeries(request)
  known.set(name, series)
  series.duration.updateUnsafe(seconds, registry)
  series.challenges?.updateUnsafe(1n, registry)
}

/** Counts spans and log records that are not sent. */
export const countDropped = (registry: Registry, count: number): void => dropped.updateUnsafe(BigInt(count), registry)

/** A purchase, as far as the counters need it. `price` in dollars, absent if an earlier release has sold it. */
interface Purchase {
  readonly operation: string
  readonly state: string
  readonly price?: string
  readonly authorization: { readonly currency?: string }
}

/** Counts that a purchase has reached a state, and its money once the chain has taken it. Never fails. */
export const countTransition = ({ operation, state, price, authorization }: Purchase): Effect.Effect<void> =>
  safely(() => {
    const counted = Metric.update(Metric.withAttributes(transitions, { operation, state }), 1n)
    if (state !== "captured" || price === undefined) return counted
    const token = { operation, ...(authorization.currency !== undefined && { token: authorization.currency }) }
    return Effect.andThen(counted, Metric.update(Metric.withAttributes(captured, token), baseUnits(price)))
  })

/** An order may have been paid when it counts, so that no error of that may end it. */
const safely = (count: () => Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchCause(Effect.suspend(count), (cause) => Effect.sync(() => console.error("telemetry failed", cause)))

/** Dollars, with at most six decimals, in base units of a token with six decimals. */
const baseUnits = (price: string): bigint => {
  const [whole = "0", fraction = ""] = price.split(".")
  return BigInt(whole + fraction.padEnd(6, "0"))
}

/** Counts a call of an order that ended without a charge. `error` is the tag of its error. Never fails. */
export const countRefusal = (operation: string, error: string): Effect.Effect<void> =>
  safely(() => Metric.update(Metric.withAttributes(refusals, { operation, "error.type": error }), 1n))
