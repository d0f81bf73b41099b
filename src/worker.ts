import { endQuiet } from "./quiet-start.ts"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { serve } from "./api/app.ts"
import { makeOrderObject } from "./orders/OrderObject.ts"
import { Sweep } from "./schedule/Sweep.ts"
import { GatewayLayer, OrderLayer, SweepLayer } from "./layers.ts"

// Deployed objects keep the class names of the first release, because Jack takes a class that no step of `new_sqlite_classes`
// names for a new one: after `renamed_classes` its next deploy would create the classes again.
export { ReplayGuardObject as Once } from "./schedule/ReplayGuardObject.ts"
export { PayerObject as Payer } from "./payers/PayerObject.ts"
export { OrderObject as Order }

// The runtime is built once in an isolate. Layers hold only pure values, because the platform forbids keeping the I/O of a
// request.
const sweeper = ManagedRuntime.make(SweepLayer)

/** The Durable Object of one order: idempotency, payment and delivery, in one thread. */
class OrderObject extends makeOrderObject(ManagedRuntime.make(OrderLayer)) {}

export default {
  fetch: serve(GatewayLayer),
  // The handler awaits the sweep, because the platform stops all remaining work when this returns.
  scheduled: async () => void (await sweeper.runPromise(Effect.flatMap(Sweep, ({ run }) => run)))
} satisfies ExportedHandler

endQuiet()
