import { DurableObject } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import type {
  CommitRequest,
  DeployOrder,
  ExecuteOrder,
  HoldRequest,
  ProvedRequest,
  ReleaseRequest,
  RenewOrder,
  TakedownRequest,
  UpdateOrder
} from "../domain/Order.ts"
import { OrderWorkflow } from "./OrderWorkflow.ts"
import { PurchaseStore } from "./purchase/PurchaseStore.ts"
import { makePurchaseStore } from "./purchase/PurchaseStoreSql.ts"
import type { Details } from "./operations.ts"
import type { Status } from "../domain/Status.ts"
import { type OutcomeCodec, OUTCOMES } from "./rpc.ts"

/** An alarm that failed as a whole repeats after this time, in milliseconds. */
const FAILED_ALARM_MS = 300_000

/**
 * Makes the class of an order's object: its storage as a store, and the `OrderWorkflow` on it. `runtime` gives the services
 * that an order needs of the isolate, built once. The Worker's entry point calls this, because it knows them.
 */
export const makeOrderObject = (runtime: ManagedRuntime.ManagedRuntime<OrderWorkflow, never>) =>
  class extends DurableObject implements OrderObject {
    readonly #store = makePurchaseStore(this.ctx.storage, () => this.#sendNotices())
    #sending = false

    #run<A>(effect: Effect.Effect<A, never, PurchaseStore | OrderWorkflow>): Promise<A> {
      return runtime.runPromise(Effect.provideService(effect, PurchaseStore, this.#store))
    }

    /**
     * Tells the payers' objects at once what was written, after the step that writes and beside everything that is paid for. The alarm
     * repeats what gets lost.
     */
    #sendNotices(): void {
      if (this.#sending) return
      this.#sending = true
      const send = Effect.flatMap(OrderWorkflow, (workflow) => workflow.sendNotices)
      const done = Promise.resolve()
        .then(() => this.#run(send))
        .finally(() => (this.#sending = false))
      this.ctx.waitUntil(done)
    }

    /** Runs an operation, and encodes its outcome. */
    #answer<A, E>(
      { encode }: OutcomeCodec<A, E>,
      operation: (workflow: OrderWorkflow["Service"]) => Effect.Effect<A, E, PurchaseStore>
    ): Promise<unknown> {
      return this.#run(Effect.flatMap(Effect.exit(Effect.flatMap(OrderWorkflow, operation)), encode))
    }

    submit(order: DeployOrder): Promise<unknown> {
      return this.#answer(OUTCOMES.submit, (workflow) => workflow.submit(order))
    }

    execute(order: ExecuteOrder): Promise<unknown> {
      return this.#answer(OUTCOMES.execute, (workflow) => workflow.execute(order))
    }

    update(order: UpdateOrder): Promise<unknown> {
      return this.#answer(OUTCOMES.update, (workflow) => workflow.update(order))
    }

    remove(request: ProvedRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.remove, (workflow) => workflow.remove(request))
    }

    takeDown(request: TakedownRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.takeDown, (workflow) => workflow.takeDown(request))
    }

    readSource(request: ProvedRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.readSource, (workflow) => workflow.readSource(request))
    }

    readLogs(request: ProvedRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.readLogs, (workflow) => workflow.readLogs(request))
    }

    renew(order: RenewOrder): Promise<unknown> {
      return this.#answer(OUTCOMES.renew, (workflow) => workflow.renew(order))
    }

    hold(request: HoldRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.hold, (workflow) => workflow.hold(request))
    }

    commit(request: CommitRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.commit, (workflow) => workflow.commit(request))
    }

    release(request: ReleaseRequest): Promise<unknown> {
      return this.#answer(OUTCOMES.release, (workflow) => workflow.release(request))
    }

    claims(id: string, projectId: string): Promise<boolean> {
      return this.#run(Effect.flatMap(OrderWorkflow, (workflow) => workflow.claims(id, projectId)))
    }

    status(id: string): Promise<Status | undefined> {
      return this.#run(Effect.flatMap(OrderWorkflow, (workflow) => workflow.status(id)))
    }

    inspect(id: string): Promise<Details | undefined> {
      return this.#run(Effect.flatMap(OrderWorkflow, (workflow) => workflow.inspect(id)))
    }

    /**
     * Continues due purchases. Never throws, because the platform repeats a failed alarm only a few times, and each purchase
     * has a backoff of its own. An alarm that fails as a whole, for example on another version's rows, repeats later.
     */
    override alarm(): Promise<void> {
      const wake = Effect.flatMap(OrderWorkflow, (workflow) => workflow.wake)
      const later = Effect.sync(() => void this.ctx.storage.setAlarm(Date.now() + FAILED_ALARM_MS))
      return this.#run(
        Effect.catchCause(wake, (cause) => Effect.andThen(later, Effect.logError("the alarm failed", cause)))
      )
    }
  }

/**
 * The methods that the gateway calls on an order's object, one for each of `OrderOperations`. `OUTCOMES` says how an outcome is
 * encoded.
 */
export interface OrderObject extends Rpc.DurableObjectBranded {
  submit(order: DeployOrder): Promise<unknown>
  execute(order: ExecuteOrder): Promise<unknown>
  update(order: UpdateOrder): Promise<unknown>
  remove(request: ProvedRequest): Promise<unknown>
  takeDown(request: TakedownRequest): Promise<unknown>
  readSource(request: ProvedRequest): Promise<unknown>
  readLogs(request: ProvedRequest): Promise<unknown>
  renew(order: RenewOrder): Promise<unknown>
  hold(request: HoldRequest): Promise<unknown>
  commit(request: CommitRequest): Promise<unknown>
  release(request: ReleaseRequest): Promise<unknown>
  claims(id: string, projectId: string): Promise<boolean>
  status(id: string): Promise<Status | undefined>
  inspect(id: string): Promise<Details | undefined>
}
