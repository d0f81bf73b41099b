import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { orderName, parseId } from "../domain/DeploymentId.ts"
import { type Busy, Internal, NotFound } from "../domain/Errors.ts"
import type { Paid } from "../domain/Order.ts"
import type { DeploymentIds } from "../ids/DeploymentIds.ts"
import type { OrderOperations } from "./operations.ts"

/**
 * Orders as the gateway sees them. Each order works in a place of its own, does one thing at a time, and finishes paid work.
 * The gateway asks no order about an invented id, for instance for its `update`. It asks whether an order `claims` a
 * project even if the id's check fails, because no stranger can choose the name of a project at the host.
 */
export class Orders extends Context.Service<Orders, OrderOperations<never, Busy>>()("mpp-compute/orders/Orders") {}

/** The name of the order that a paid request belongs to. */
const nameOf = ({ terms, verified }: Paid) => orderName(verified.payer, terms.operation, terms.bodyDigest)

/** The name of the order that a deployment belongs to. */
const owner = (ids: DeploymentIds["Service"], id: string) =>
  Effect.flatMap(ids.orderOf(id), (name) =>
    name === undefined
      ? Effect.fail(new NotFound({ detail: "No such deployment. Check the deployment_id." }))
      : Effect.succeed(name)
  )

/** Makes a service that sends each call to its order. `orderAt` returns the operations of the order with that name. */
export const makeOrders = (
  ids: DeploymentIds["Service"],
  orderAt: (name: string) => OrderOperations
): Orders["Service"] => ({
  submit: (order) => orderAt(nameOf(order)).submit(order),
  execute: (order) => orderAt(nameOf(order)).execute(order),
  update: (order) => Effect.flatMap(owner(ids, order.id), (name) => orderAt(name).update(order)),
  remove: (request) => Effect.flatMap(owner(ids, request.id), (name) => orderAt(name).remove(request)),
  takeDown: (request) => Effect.flatMap(owner(ids, request.id), (name) => orderAt(name).takeDown(request)),
  readSource: (request) => Effect.flatMap(owner(ids, request.id), (name) => orderAt(name).readSource(request)),
  readLogs: (request) => Effect.flatMap(owner(ids, request.id), (name) => orderAt(name).readLogs(request)),
  // A renewal has an object of its own. No object is made for an invented id.
  renew: (order) => Effect.flatMap(owner(ids, order.id), () => orderAt(nameOf(order)).renew(order)),
  hold: (request) => Effect.flatMap(owner(ids, request.id), (name) => orderAt(name).hold(request)),
  commit: (request) =>
    owner(ids, request.id).pipe(
      // The id was checked before the payment, and only the deployment itself can say that it is gone.
      Effect.catchTag("NotFound", () => new Internal({ detail: "The id could not be checked.", charged: true })),
      Effect.flatMap((name) => orderAt(name).commit(request))
    ),
  release: (request) => Effect.flatMap(owner(ids, request.id), (name) => orderAt(name).release(request)),
  claims: (deploymentId, projectId) => {
    const name = parseId(deploymentId)?.order
    return name === undefined ? Effect.succeed(false) : orderAt(name).claims(deploymentId, projectId)
  },
  status: (deploymentId) =>
    Effect.flatMap(ids.orderOf(deploymentId), (name) =>
      name === undefined ? Effect.undefined : orderAt(name).status(deploymentId)
    ),
  inspect: (deploymentId) =>
    Effect.flatMap(ids.orderOf(deploymentId), (name) =>
      name === undefined ? Effect.undefined : orderAt(name).inspect(deploymentId)
    )
})
