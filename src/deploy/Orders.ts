import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Internal, NotFound } from "../domain/Errors.ts"
import { type Delivered, orderName, orderOf, type Revision, type Submission } from "../domain/Order.ts"
import { Deployer } from "./Deployer.ts"
import { Ledger } from "./Ledger.ts"
import type { Order } from "./OrderObject.ts"
import { type DeployError, Outcome, type Status, type UpdateError, UpdateOutcome } from "./Outcome.ts"

const decode = Schema.decodeUnknownEffect(Outcome)
const decodeUpdate = Schema.decodeUnknownEffect(UpdateOutcome)

const unknown = () => new NotFound({ detail: "No such deployment. Check the deployment_id." })

/** Orders as the gateway sees them: somewhere else, one at a time, and sure to be finished. */
export class Orders extends Context.Service<
  Orders,
  {
    /** Hands a verified submission to its order and waits for the outcome. A caller that goes away changes nothing. */
    readonly submit: (submission: Submission) => Effect.Effect<Delivered, DeployError>
    /** Hands newer code to a deployment's order, and waits for the outcome. Leaves nothing behind for an unknown one. */
    readonly update: (revision: Revision) => Effect.Effect<Delivered, UpdateError>
    /** Whether a project that carries this deployment's id is its order's, so that nobody else may delete it. */
    readonly claims: (deploymentId: string, projectId: string) => Effect.Effect<boolean>
    /** The state of one deployment; `undefined` where there is none. Leaves nothing behind. */
    readonly status: (deploymentId: string) => Effect.Effect<Status | undefined>
  }
>()("mpp-compute/deploy/Orders") {
  /** Every order in a Durable Object of its own, named by payer, operation and body. */
  static layerDurable(namespace: DurableObjectNamespace<Order>) {
    const object = (name: string) => namespace.get(namespace.idFromName(name))

    const submit = Effect.fn("Orders.submit")(function* (submission: Submission) {
      const { terms, verified } = submission
      const name = orderName(verified.payer, terms.operation, terms.body)
      const encoded = yield* Effect.tryPromise(() => object(name).submit(submission)).pipe(
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
      const outcome: Exit.Exit<Delivered, DeployError> = yield* Effect.orDie(decode(encoded))
      return yield* outcome
    })

    const update = Effect.fn("Orders.update")(function* (revision: Revision) {
      const name = orderOf(revision.id)
      if (name === undefined) return yield* unknown()
      const encoded = yield* Effect.tryPromise(() => object(name).update(revision)).pipe(
        Effect.catch((error) =>
          Effect.andThen(
            Effect.logError("the order's object did not answer", name, String(error.cause)),
            new Internal({ detail: "The update was interrupted. Send it again; it is free.", charged: true })
          )
        )
      )
      const outcome: Exit.Exit<Delivered, UpdateError> = yield* Effect.orDie(decodeUpdate(encoded))
      return yield* outcome
    })

    const claims = Effect.fn("Orders.claims")(function* (deploymentId: string, projectId: string) {
      const name = orderOf(deploymentId)
      return name !== undefined && (yield* Effect.promise(() => object(name).claims(deploymentId, projectId)))
    })

    const status = Effect.fn("Orders.status")(function* (deploymentId: string) {
      const name = orderOf(deploymentId)
      return name === undefined ? undefined : yield* Effect.promise(() => object(name).status(deploymentId))
    })

    return Layer.succeed(Orders, Orders.of({ submit, update, claims, status }))
  }

  /** The same `Deployer` in this process, on ledgers in memory. */
  static readonly layerMemory = Layer.effect(
    Orders,
    Effect.gen(function* () {
      const deployer = yield* Deployer
      const ledgers = new Map<string, Ledger["Service"]>()
      const on = <A, E>(name: string, effect: Effect.Effect<A, E, Ledger>) =>
        Effect.gen(function* () {
          const ledger = ledgers.get(name) ?? Context.get(yield* Layer.build(Layer.fresh(Ledger.layerMemory)), Ledger)
          ledgers.set(name, ledger)
          return yield* Effect.provideService(effect, Ledger, ledger)
        }).pipe(Effect.scoped)
      return Orders.of({
        submit: (submission) => {
          const { terms, verified } = submission
          return on(orderName(verified.payer, terms.operation, terms.body), deployer.submit(submission))
        },
        update: (revision) => {
          const name = orderOf(revision.id)
          return name === undefined ? Effect.fail(unknown()) : on(name, deployer.update(revision))
        },
        claims: (deploymentId, projectId) => {
          const name = orderOf(deploymentId)
          return name === undefined ? Effect.succeed(false) : on(name, deployer.claims(deploymentId, projectId))
        },
        status: (deploymentId) => {
          const name = orderOf(deploymentId)
          return name === undefined ? Effect.succeed(undefined) : on(name, deployer.status(deploymentId))
        }
      })
    })
  )
}
