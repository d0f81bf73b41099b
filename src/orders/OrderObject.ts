import { DurableObject } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import type { ExecuteOrder, UpdateOrder, DeployOrder } from "../domain/Order.ts"
import { OrderWorkflow } from "./OrderWorkflow.ts"
import { PurchaseStore } from "./purchase/PurchaseStore.ts"
import { makePurchaseStore } from "./purchase/PurchaseStoreSql.ts"
import { ExecuteOutcome, Outcome, type Status, UpdateOutcome } from "./rpc.ts"

const encode = Schema.encodeEffect(Outcome)
const encodeExecution = Schema.encodeEffect(ExecuteOutcome)
const encodeUpdate = Schema.encodeEffect(UpdateOutcome)

/** How long after an alarm that failed as a whole the next one comes, in milliseconds. */
const unreadMillis = 300_000

/**
 * The object of one order: its storage as a store, and the `OrderWorkflow` on it. What an order needs of the isolate is built
 * once and given by `runtime`; the class itself is made in the Worker's entry point, where that is known.
 */
export const makeOrderObject = (runtime: ManagedRuntime.ManagedRuntime<OrderWorkflow, never>) =>
  class extends DurableObject implements OrderObject {
    readonly #store = makePurchaseStore(this.ctx.storage)

    #run<A>(effect: Effect.Effect<A, never, PurchaseStore | OrderWorkflow>): Promise<A> {
      return runtime.runPromise(Effect.provideService(effect, PurchaseStore, this.#store))
    }

    /** Serves a order; answers the encoded `Exit` of `Outcome`. */
    submit(order: DeployOrder): Promise<unknown> {
      const outcome = Effect.flatMap(OrderWorkflow, (workflow) => Effect.exit(workflow.submit(order)))
      return this.#run(outcome.pipe(Effect.flatMap(encode), Effect.orDie))
    }

    /** Serves an execution; answers the encoded `Exit` of `ExecuteOutcome`. */
    execute(order: ExecuteOrder): Promise<unknown> {
      const outcome = Effect.flatMap(OrderWorkflow, (workflow) => Effect.exit(workflow.execute(order)))
      return this.#run(outcome.pipe(Effect.flatMap(encodeExecution), Effect.orDie))
    }

    /** Serves an update of one deployment of this order; answers the encoded `Exit` of `UpdateOutcome`. */
    update(order: UpdateOrder): Promise<unknown> {
      const outcome = Effect.flatMap(OrderWorkflow, (workflow) => Effect.exit(workflow.update(order)))
      return this.#run(outcome.pipe(Effect.flatMap(encodeUpdate), Effect.orDie))
    }

    /** Whether a project is, or may become, one deployment's of this order. */
    claims(id: string, projectId: string): Promise<boolean> {
      return this.#run(Effect.flatMap(OrderWorkflow, (workflow) => workflow.claims(id, projectId)))
    }

    /** The state of one deployment of this order. */
    status(id: string): Promise<Status | undefined> {
      return this.#run(Effect.flatMap(OrderWorkflow, (workflow) => workflow.status(id)))
    }

    /**
     * Goes on with what is due. Never throws: the platform would repeat it a few times, at its own pace, and each purchase has
     * its own. One that could not even read what is due, of another version's rows for instance, comes back until it can.
     */
    override alarm(): Promise<void> {
      const wake = Effect.flatMap(OrderWorkflow, (workflow) => workflow.wake)
      const later = Effect.sync(() => void this.ctx.storage.setAlarm(Date.now() + unreadMillis))
      return this.#run(
        Effect.catchCause(wake, (cause) => Effect.andThen(later, Effect.logError("the alarm failed", cause)))
      )
    }
  }

/** The gateway calls this on an order's object. */
export interface OrderObject extends Rpc.DurableObjectBranded {
  submit(order: DeployOrder): Promise<unknown>
  execute(order: ExecuteOrder): Promise<unknown>
  update(order: UpdateOrder): Promise<unknown>
  claims(id: string, projectId: string): Promise<boolean>
  status(id: string): Promise<Status | undefined>
}
