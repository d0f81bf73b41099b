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
import { continueTrace, type TraceContext } from "../telemetry/trace-context.ts"

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
    /** The trace of the last call, which the notices of its writes belong to. */
    #trace: TraceContext | undefined

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
      const send = Effect.flatMap(OrderWorkflow, (workflow) => workflow.sendNotices).pipe(continueTrace(this.#trace))
      const done = Promise.resolve()
        .then(() => this.#run(send))
        .finally(() => (this.#sending = false))
      this.ctx.waitUntil(done)
    }

    /** Runs an operation within the trace of its caller, and encodes its outcome. */
    #answer<A, E>(
      { encode }: OutcomeCodec<A, E>,
      trace: TraceContext | undefined,
      operation: (workflow: OrderWorkflow["Service"]) => Effect.Effect<A, E, PurchaseStore>
    ): Promise<unknown> {
      this.#trace = trace
      return this.#run(
        Effect.flatMap(Effect.exit(Effect.flatMap(OrderWorkflow, operation)), encode).pipe(continueTrace(trace))
      )
    }

    submit(order: DeployOrder, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.submit, trace, (workflow) => workflow.submit(order))
    }

    execute(order: ExecuteOrder, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.execute, trace, (workflow) => workflow.execute(order))
    }

    update(order: UpdateOrder, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.update, trace, (workflow) => workflow.update(order))
    }

    remove(request: ProvedRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.remove, trace, (workflow) => workflow.remove(request))
    }

    takeDown(request: TakedownRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.takeDown, trace, (workflow) => workflow.takeDown(request))
    }

    readSource(request: ProvedRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.readSource, trace, (workflow) => workflow.readSource(request))
    }

    readLogs(request: ProvedRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.readLogs, trace, (workflow) => workflow.readLogs(request))
    }

    renew(order: RenewOrder, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.renew, trace, (workflow) => workflow.renew(order))
    }

    hold(request: HoldRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.hold, trace, (workflow) => workflow.hold(request))
    }

    commit(request: CommitRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.commit, trace, (workflow) => workflow.commit(request))
    }

    release(request: ReleaseRequest, trace?: TraceContext): Promise<unknown> {
      return this.#answer(OUTCOMES.release, trace, (workflow) => workflow.release(request))
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
      this.#trace = undefined
      const wake = Effect.flatMap(OrderWorkflow, (workflow) => workflow.wake)
      const later = Effect.sync(() => void this.ctx.storage.setAlarm(Date.now() + FAILED_ALARM_MS))
      return this.#run(
        Effect.catchCause(wake, (cause) => Effect.andThen(later, Effect.logError("the alarm failed", cause)))
      )
    }
  }

/**
 * The methods that the gateway calls on an order's object, one for each of `OrderOperations`. `OUTCOMES` says how an outcome is
 * encoded. `trace` is the caller's, if the gateway sends telemetry.
 */
export interface OrderObject extends Rpc.DurableObjectBranded {
  submit(order: DeployOrder, trace?: TraceContext): Promise<unknown>
  execute(order: ExecuteOrder, trace?: TraceContext): Promise<unknown>
  update(order: UpdateOrder, trace?: TraceContext): Promise<unknown>
  remove(request: ProvedRequest, trace?: TraceContext): Promise<unknown>
  takeDown(request: TakedownRequest, trace?: TraceContext): Promise<unknown>
  readSource(request: ProvedRequest, trace?: TraceContext): Promise<unknown>
  readLogs(request: ProvedRequest, trace?: TraceContext): Promise<unknown>
  renew(order: RenewOrder, trace?: TraceContext): Promise<unknown>
  hold(request: HoldRequest, trace?: TraceContext): Promise<unknown>
  commit(request: CommitRequest, trace?: TraceContext): Promise<unknown>
  release(request: ReleaseRequest, trace?: TraceContext): Promise<unknown>
  claims(id: string, projectId: string): Promise<boolean>
  status(id: string): Promise<Status | undefined>
  inspect(id: string): Promise<Details | undefined>
}
