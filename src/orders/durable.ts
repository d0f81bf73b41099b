import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { orderName, parseId } from "../domain/DeploymentId.ts"
import { Internal, NotFound } from "../domain/Errors.ts"
import type { Deployed, DeployOrder, Executed, ExecuteOrder, PaidRequest, UpdateOrder } from "../domain/Order.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import type { OrderObject } from "./OrderObject.ts"
import { Orders } from "./Orders.ts"
import { type DeployError, type ExecuteError, ExecuteOutcome, Outcome, type UpdateError, UpdateOutcome } from "./rpc.ts"

const decode = Schema.decodeUnknownEffect(Outcome)
const decodeExecution = Schema.decodeUnknownEffect(ExecuteOutcome)
const decodeUpdate = Schema.decodeUnknownEffect(UpdateOutcome)

/** The name of the order that a paid request belongs to. */
export const nameOf = ({ terms, verified }: PaidRequest) => orderName(verified.payer, terms.operation, terms.bodyDigest)

/** The answer to an update of a deployment that was not made here. */
export const noSuchDeployment = () => new NotFound({ detail: "No such deployment. Check the deployment_id." })

/** Every order in a Durable Object of its own, named by payer, operation and body. */
export const layerOrdersDurable = (namespace: DurableObjectNamespace<OrderObject> | undefined) =>
  Layer.effect(
    Orders,
    Effect.map(DeploymentIds, (ids) => durable(namespace, ids))
  )

const durable = (namespace: DurableObjectNamespace<OrderObject> | undefined, ids: DeploymentIds["Service"]) => {
  const object = (name: string) => {
    // The gateway asks for no order while the binding is missing: the settings say so.
    if (namespace === undefined) throw new Error("the binding ORDERS is missing")
    return namespace.get(namespace.idFromName(name))
  }

  const hand = Effect.fnUntraced(function* (
    paid: PaidRequest,
    call: (order: DurableObjectStub<OrderObject>) => Promise<unknown>
  ) {
    const name = nameOf(paid)
    return yield* Effect.tryPromise(() => call(object(name))).pipe(
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logError("the order's object did not answer", name, String(error.cause)),
          new Internal({
            detail:
              "The order was interrupted. Repeat the same call with the same Idempotency-Key: it never pays twice.",
            charged: null
          })
        )
      )
    )
  })

  const submit = Effect.fn("Orders.submit")(function* (submission: DeployOrder) {
    const encoded = yield* hand(submission, (order) => order.submit(submission))
    const outcome: Exit.Exit<Deployed, DeployError> = yield* Effect.orDie(decode(encoded))
    return yield* outcome
  })

  const execute = Effect.fn("Orders.execute")(function* (execution: ExecuteOrder) {
    const encoded = yield* hand(execution, (order) => order.execute(execution))
    const outcome: Exit.Exit<Executed, ExecuteError> = yield* Effect.orDie(decodeExecution(encoded))
    return yield* outcome
  })

  const update = Effect.fn("Orders.update")(function* (revision: UpdateOrder) {
    const name = yield* ids.orderOf(revision.id)
    if (name === undefined) return yield* noSuchDeployment()
    const encoded = yield* Effect.tryPromise(() => object(name).update(revision)).pipe(
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logError("the order's object did not answer", name, String(error.cause)),
          new Internal({ detail: "The update was interrupted. Send it again; it is free.", charged: true })
        )
      )
    )
    const outcome: Exit.Exit<Deployed, UpdateError> = yield* Effect.orDie(decodeUpdate(encoded))
    return yield* outcome
  })

  const claims = Effect.fn("Orders.claims")(function* (deploymentId: string, projectId: string) {
    const name = parseId(deploymentId)?.order
    return name !== undefined && (yield* Effect.promise(() => object(name).claims(deploymentId, projectId)))
  })

  const status = Effect.fn("Orders.status")(function* (deploymentId: string) {
    const name = yield* ids.orderOf(deploymentId)
    return name === undefined ? undefined : yield* Effect.promise(() => object(name).status(deploymentId))
  })

  return Orders.of({ submit, execute, update, claims, status })
}
