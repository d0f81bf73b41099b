import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Busy, Expired, Internal, NotFound, OrderInProgress, TooFarAhead } from "../../domain/Errors.ts"
import type { CommitRequest, DeployedFields, HoldRequest, ReleaseRequest } from "../../domain/Order.ts"

/** Every error of a hold. Nothing was charged. */
export type HoldFailed = NotFound | Expired | OrderInProgress | TooFarAhead | Internal | Busy

/** Every error of a commit. The renewal's order repeats it. */
export type CommitFailed = NotFound | Expired | Internal | Busy

/**
 * The deployments, as the orders of renewals see them. A renewal and its deployment are two objects. The deployment holds still
 * while the renewal is being paid: it neither expires nor is deleted.
 */
export class Deployments extends Context.Service<
  Deployments,
  {
    /** Makes the deployment wait for a payment that is about to be made. */
    readonly hold: (request: HoldRequest) => Effect.Effect<void, HoldFailed>
    /** Makes the time of the deployment longer, once for each renewal however often this is called. */
    readonly commit: (request: CommitRequest) => Effect.Effect<DeployedFields, CommitFailed>
    /** Tells the deployment that the payment will never be made. Never fails, because the deployment asks the chain itself. */
    readonly release: (request: ReleaseRequest) => Effect.Effect<void>
  }
>()("mpp-compute/orders/renewal/Deployments") {}
