import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { orderName, parseId } from "../domain/DeploymentId.ts"
import { type Busy, Internal, NotFound } from "../domain/Errors.ts"
import type { Deployed, Executed, ExecuteOrder, PaidRequest, UpdateOrder, DeployOrder } from "../domain/Order.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { OrderWorkflow } from "./OrderWorkflow.ts"
import { PurchaseStore } from "./purchase/PurchaseStore.ts"
import type { OrderObject } from "./OrderObject.ts"
import {
  type DeployError,
  type ExecuteError,
  ExecuteOutcome,
  Outcome,
  type Status,
  type UpdateError,
  UpdateOutcome
} from "./rpc.ts"

const decode = Schema.decodeUnknownEffect(Outcome)
const decodeExecution = Schema.decodeUnknownEffect(ExecuteOutcome)
const decodeUpdate = Schema.decodeUnknownEffect(UpdateOutcome)

const nameOf = ({ terms, verified }: PaidRequest) => orderName(verified.payer, terms.operation, terms.body)

const unknown = () => new NotFound({ detail: "No such deployment. Check the deployment_id." })

/** Orders as the gateway sees them: somewhere else, one at a time, and sure to be finished. */
export class Orders extends Context.Service<
  Orders,
  {
    /** Hands a verified submission to its order and waits for the outcome. A caller that goes away changes nothing. */
    readonly submit: (submission: DeployOrder) => Effect.Effect<Deployed, DeployError>
    /** Hands a verified execution to its order, likewise. */
    readonly execute: (execution: ExecuteOrder) => Effect.Effect<Executed, ExecuteError>
    /** Hands newer code to a deployment's order, and waits for the outcome. No order is asked for an invented id. */
    readonly update: (revision: UpdateOrder) => Effect.Effect<Deployed, UpdateError>
    /**
     * Whether a project that carries this deployment's id is its order's, so that nobody else may delete it. The order is
     * asked whatever the id's check says: the name of a project at the host is no stranger's to choose.
     */
    readonly claims: (deploymentId: string, projectId: string) => Effect.Effect<boolean>
    /** The state of one deployment; `undefined` where there is none. No order is asked for an invented id. */
    readonly status: (deploymentId: string) => Effect.Effect<Status | undefined, Busy>
  }
>()("mpp-compute/orders/Orders") {
  /** Every order in a Durable Object of its own, named by payer, operation and body. */
  static layerDurable(namespace: DurableObjectNamespace<OrderObject> | undefined) {
    return Layer.effect(
      Orders,
      Effect.map(DeploymentIds, (ids) => durable(namespace, ids))
    )
  }

  /** The same `OrderWorkflow` in this process, on ledgers in memory. */
  static readonly layerMemory = Layer.effect(
    Orders,
    Effect.gen(function* () {
      const workflow = yield* OrderWorkflow
      const ids = yield* DeploymentIds
      const ledgers = new Map<string, PurchaseStore["Service"]>()
      const on = <A, E>(name: string, effect: Effect.Effect<A, E, PurchaseStore>) =>
        Effect.gen(function* () {
          const store =
            ledgers.get(name) ?? Context.get(yield* Layer.build(Layer.fresh(PurchaseStore.layerMemory)), PurchaseStore)
          ledgers.set(name, store)
          return yield* Effect.provideService(effect, PurchaseStore, store)
        }).pipe(Effect.scoped)
      return Orders.of({
        submit: (submission) => on(nameOf(submission), workflow.submit(submission)),
        execute: (execution) => on(nameOf(execution), workflow.execute(execution)),
        update: (revision) =>
          Effect.flatMap(ids.orderOf(revision.id), (name) =>
            name === undefined ? Effect.fail(unknown()) : on(name, workflow.update(revision))
          ),
        claims: (deploymentId, projectId) => {
          const name = parseId(deploymentId)?.order
          return name === undefined ? Effect.succeed(false) : on(name, workflow.claims(deploymentId, projectId))
        },
        status: (deploymentId) =>
          Effect.flatMap(ids.orderOf(deploymentId), (name) =>
            name === undefined ? Effect.succeed(undefined) : on(name, workflow.status(deploymentId))
          )
      })
    })
  )
}

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
    if (name === undefined) return yield* unknown()
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
