import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Busy } from "../domain/Errors.ts"
import type { Deployed, DeployOrder, Executed, ExecuteOrder, UpdateOrder } from "../domain/Order.ts"
import type { DeployError, ExecuteError, Status, UpdateError } from "./rpc.ts"

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
>()("mpp-compute/orders/Orders") {}
