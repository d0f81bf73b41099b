import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { parseId } from "../domain/DeploymentId.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { nameOf, noSuchDeployment } from "./durable.ts"
import { Orders } from "./Orders.ts"
import { OrderWorkflow } from "./OrderWorkflow.ts"
import { PurchaseStore } from "./purchase/PurchaseStore.ts"
import { layerPurchaseStoreMemory } from "./purchase/testing.ts"

/** The same `OrderWorkflow` in this process, on stores in memory. */
export const layerOrdersMemory = Layer.effect(
  Orders,
  Effect.gen(function* () {
    const workflow = yield* OrderWorkflow
    const ids = yield* DeploymentIds
    const stores = new Map<string, PurchaseStore["Service"]>()
    const on = <A, E>(name: string, effect: Effect.Effect<A, E, PurchaseStore>) =>
      Effect.gen(function* () {
        const store =
          stores.get(name) ?? Context.get(yield* Layer.build(Layer.fresh(layerPurchaseStoreMemory)), PurchaseStore)
        stores.set(name, store)
        return yield* Effect.provideService(effect, PurchaseStore, store)
      }).pipe(Effect.scoped)
    return Orders.of({
      submit: (submission) => on(nameOf(submission), workflow.submit(submission)),
      execute: (execution) => on(nameOf(execution), workflow.execute(execution)),
      update: (revision) =>
        Effect.flatMap(ids.orderOf(revision.id), (name) =>
          name === undefined ? Effect.fail(noSuchDeployment()) : on(name, workflow.update(revision))
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
