import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Orders } from "../Orders.ts"
import { Deployments } from "./Deployments.ts"

/** The deployments of the orders that the gateway calls too. */
export const layerDeployments = Layer.effect(
  Deployments,
  Effect.map(Orders, (orders) => deploymentsOf(() => orders))
)

/** Makes the service over orders that may be made later. */
export const deploymentsOf = (
  orders: () => Pick<Orders["Service"], "hold" | "commit" | "release">
): Deployments["Service"] => ({
  hold: (request) => Effect.suspend(() => orders().hold(request)),
  commit: (request) => Effect.suspend(() => orders().commit(request)),
  release: (request) => Effect.ignore(Effect.suspend(() => orders().release(request)))
})
