import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { serve } from "./api/app.ts"
import { makeOrderObject } from "./orders/OrderObject.ts"
import { Sweep } from "./schedule/Sweep.ts"
import { GatewayLayer, OrderLayer, SweepLayer } from "./layers.ts"

export { ReplayGuardObject } from "./schedule/ReplayGuardObject.ts"
export { PayerObject } from "./payers/PayerObject.ts"

// Module scope: one build an isolate. Layers hold pure values only; no request's I/O is kept (the platform forbids it).
const sweeper = ManagedRuntime.make(SweepLayer)

/** The object of one order: claims, money and delivery, one thread each. */
export class OrderObject extends makeOrderObject(ManagedRuntime.make(OrderLayer)) {}

export default {
  fetch: serve(GatewayLayer),
  // Awaited: what is still running when this returns is cut off.
  scheduled: async () => void (await sweeper.runPromise(Effect.flatMap(Sweep, ({ run }) => run)))
} satisfies ExportedHandler
