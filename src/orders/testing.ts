import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import type { OrderOperations } from "./operations.ts"
import { makeOrders, Orders } from "./Orders.ts"
import { OrderWorkflow } from "./OrderWorkflow.ts"
import { Deployments } from "./renewal/Deployments.ts"
import { deploymentsOf } from "./renewal/layer.ts"
import { PurchaseStore } from "./purchase/PurchaseStore.ts"
import { makePurchaseStoreMemory } from "./purchase/testing.ts"

/** The same `OrderWorkflow` in this process, on stores in memory, and the deployments that its renewals call. */
export const makeOrdersMemory = () => {
  let made: Orders["Service"] | undefined
  const deployments = Layer.succeed(
    Deployments,
    deploymentsOf(() => made!)
  )
  return {
    deployments,
    orders: Layer.tap(layerOrders, (context) => Effect.sync(() => (made = Context.get(context, Orders))))
  }
}

const layerOrders = Layer.effect(
  Orders,
  Effect.gen(function* () {
    const workflow = yield* OrderWorkflow
    const ids = yield* DeploymentIds
    const stores = new Map<string, PurchaseStore["Service"]>()
    const orderAt = (name: string): OrderOperations => {
      const store: PurchaseStore["Service"] =
        stores.get(name) ?? makePurchaseStoreMemory(() => void Effect.runFork(provide(workflow.sendNotices)))
      stores.set(name, store)
      const provide = Effect.provideService(PurchaseStore, store)
      return {
        submit: (order) => provide(workflow.submit(order)),
        execute: (order) => provide(workflow.execute(order)),
        update: (order) => provide(workflow.update(order)),
        remove: (request) => provide(workflow.remove(request)),
        takeDown: (request) => provide(workflow.takeDown(request)),
        readSource: (request) => provide(workflow.readSource(request)),
        readLogs: (request) => provide(workflow.readLogs(request)),
        renew: (order) => provide(workflow.renew(order)),
        hold: (request) => provide(workflow.hold(request)),
        commit: (request) => provide(workflow.commit(request)),
        release: (request) => provide(workflow.release(request)),
        claims: (deploymentId, projectId) => provide(workflow.claims(deploymentId, projectId)),
        status: (deploymentId) => provide(workflow.status(deploymentId)),
        inspect: (deploymentId) => provide(workflow.inspect(deploymentId))
      }
    }
    return Orders.of(makeOrders(ids, orderAt))
  })
)
