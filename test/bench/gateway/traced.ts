import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Tracer from "effect/Tracer"
import { serve } from "../../../src/api/app.ts"
import { makeOrderObject } from "../../../src/orders/OrderObject.ts"
import { GatewayLayer, OrderLayer } from "../../../src/layers.ts"

export { ReplayGuardObject as Once } from "../../../src/schedule/ReplayGuardObject.ts"
export { PayerObject as Payer } from "../../../src/payers/PayerObject.ts"

/** Something that took time: a span of the gateway's, or a call to another server; milliseconds of the Worker's own clock. */
interface Lap {
  readonly name: string
  readonly start: number
  readonly end: number
}

// The object and the gateway share an isolate here, so that both write to the same list.
const laps: Array<Lap> = []

/** Records spans unchanged, with their end. */
const tracer = Tracer.make({
  span: (options) => {
    const span = new Tracer.NativeSpan(options)
    const start = performance.now()
    const end = span.end.bind(span)
    span.end = (...args) => {
      laps.push({ name: span.name, start, end: performance.now() })
      end(...args)
    }
    return span
  }
})

const fetchUntimed = globalThis.fetch
// The time that other code waits for.
globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
  const start = performance.now()
  const url = new URL(input instanceof Request ? input.url : input)
  try {
    const response = await fetchUntimed(input, init)
    // The answer is read to the end, as the caller will. The time until then is the other side's.
    return new Response(await response.arrayBuffer(), response)
  } finally {
    laps.push({ name: `fetch ${url.port}`, start, end: performance.now() })
  }
}

const trace = Layer.succeed(Tracer.Tracer, tracer)

/** The object of one order, traced. */
export class Order extends makeOrderObject(ManagedRuntime.make(Layer.merge(OrderLayer, trace))) {}

const gateway = serve(Layer.merge(GatewayLayer, trace))

/** The gateway with a stopwatch: `GET /laps` answers the times since the last request. */
export default {
  fetch: async (request) =>
    new URL(request.url).pathname === "/laps" ? Response.json(laps.splice(0)) : gateway(request as Request)
} satisfies ExportedHandler
