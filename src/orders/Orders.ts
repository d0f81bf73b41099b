import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { orderName, parseId } from "../domain/DeploymentId.ts"
import { type Busy, Internal, NotFound } from "../domain/Errors.ts"
import type { Deployed, Executed, Execution, Paid, Revision, Submission } from "../domain/Order.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { Deployer } from "./OrderWorkflow.ts"
import { Ledger } from "./purchase/PurchaseStore.ts"
import type { Order } from "./OrderObject.ts"
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

const nameOf = ({ terms, verified }: Paid) => orderName(verified.payer, terms.operation, terms.body)

const unknown = () => new NotFound({ detail: "No such deployment. Check the deployment_id." })

/** Orders as the gateway sees them: somewhere else, one at a time, and sure to be finished. */
export class Orders extends Context.Service<
  Orders,
  {
    /** Hands a verified submission to its order and waits for the outcome. A caller that goes away changes nothing. */
    readonly submit: (submission: Submission) => Effect.Effect<Deployed, DeployError>
    /** Hands a verified execution to its order, likewise. */
    readonly execute: (execution: Execution) => Effect.Effect<Executed, ExecuteError>
    /** Hands newer code to a deployment's order, and waits for the outcome. No order is asked for an invented id. */
    readonly update: (revision: Revision) => Effect.Effect<Deployed, UpdateError>
    /**
     * Whether a project that carries this deployment's id is its order's, so that nobody else may delete it. The order is
     * asked whatever the id's check says: the name of a project at the host is no stranger's to choose.
     */
    readonly claims: (deploymentId: string, projectId: string) => Effect.Effect<boolean>
    /** The state of one deployment; `undefined` where there is none. No order is asked for an invented id. */
    readonly status: (deploymentId: string) => Effect.Effect<Status | undefined, Busy>
  }
>()("mpp-compute/deploy/Orders") {
  /** Every order in a Durable Object of its own, named by payer, operation and body. */
  static layerDurable(namespace: DurableObjectNamespace<Order> | undefined) {
    return Layer.effect(
      Orders,
      Effect.map(DeploymentIds, (ids) => durable(namespace, ids))
    )
  }

  /** The same `Deployer` in this process, on ledgers in memory. */
  static readonly layerMemory = Layer.effect(
    Orders,
    Effect.gen(function* () {
      const deployer = yield* Deployer
      const ids = yield* DeploymentIds
      const ledgers = new Map<string, Ledger["Service"]>()
      const on = <A, E>(name: string, effect: Effect.Effect<A, E, Ledger>) =>
        Effect.gen(function* () {
          const ledger = ledgers.get(name) ?? Context.get(yield* Layer.build(Layer.fresh(Ledger.layerMemory)), Ledger)
          ledgers.set(name, ledger)
          return yield* Effect.provideService(effect, Ledger, ledger)
        }).pipe(Effect.scoped)
      return Orders.of({
        submit: (submission) => on(nameOf(submission), deployer.submit(submission)),
        execute: (execution) => on(nameOf(execution), deployer.execute(execution)),
        update: (revision) =>
          Effect.flatMap(ids.orderOf(revision.id), (name) =>
            name === undefined ? Effect.fail(unknown()) : on(name, deployer.update(revision))
          ),
        claims: (deploymentId, projectId) => {
          const name = parseId(deploymentId)?.order
          return name === undefined ? Effect.succeed(false) : on(name, deployer.claims(deploymentId, projectId))
        },
        status: (deploymentId) =>
          Effect.flatMap(ids.orderOf(deploymentId), (name) =>
            name === undefined ? Effect.succeed(undefined) : on(name, deployer.status(deploymentId))
          )
      })
    })
  )
}

const durable = (namespace: DurableObjectNamespace<Order> | undefined, ids: DeploymentIds["Service"]) => {
  const object = (name: string) => {
    // The gateway asks for no order while the binding is missing: the settings say so.
    if (namespace === undefined) throw new Error("the binding ORDERS is missing")
    return namespace.get(namespace.idFromName(name))
  }

  const hand = Effect.fnUntraced(function* (paid: Paid, call: (order: DurableObjectStub<Order>) => Promise<unknown>) {
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

  const submit = Effect.fn("Orders.submit")(function* (submission: Submission) {
    const encoded = yield* hand(submission, (order) => order.submit(submission))
    const outcome: Exit.Exit<Deployed, DeployError> = yield* Effect.orDie(decode(encoded))
    return yield* outcome
  })

  const execute = Effect.fn("Orders.execute")(function* (execution: Execution) {
    const encoded = yield* hand(execution, (order) => order.execute(execution))
    const outcome: Exit.Exit<Executed, ExecuteError> = yield* Effect.orDie(decodeExecution(encoded))
    return yield* outcome
  })

  const update = Effect.fn("Orders.update")(function* (revision: Revision) {
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
