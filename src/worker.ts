import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { serve } from "./api/app.ts"
import { makeOrderObject } from "./orders/OrderObject.ts"
import { Sweep } from "./schedule/Sweep.ts"
import { GatewayLayer, OrderLayer, SweepLayer } from "./layers.ts"

export { ReplayGuardObject } from "./schedule/ReplayGuardObject.ts"
export { PayerObject } from "./payers/PayerObject.ts"

// Built once in an isolate. Layers hold pure values only, because the platform forbids to keep the I/O of a request.
const sweeper = ManagedRuntime.make(SweepLayer)

/** The Durable Object of one order: idempotency, payment and delivery, in one thread. */
export class OrderObject extends makeOrderObject(ManagedRuntime.make(OrderLayer)) {}

export default {
  fetch: serve(GatewayLayer),
  // Awaited, because the platform stops all work that is left when this returns.
  scheduled: async () => void (await sweeper.runPromise(Effect.flatMap(Sweep, ({ run }) => run)))
} satisfies ExportedHandler
