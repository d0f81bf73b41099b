import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  BundleFailed,
  Busy,
  CodeTooLarge,
  DeployFailed,
  ExecuteFailed,
  Expired,
  Forbidden,
  HostUnavailable,
  Internal,
  InvalidRequest,
  NotFound,
  OrderInProgress,
  PaymentPending,
  PaymentUnavailable,
  PreconditionFailed,
  saleErrors,
  TooFarAhead,
  TooManyAttempts,
  TooManyDeployments,
  WrongIdempotencyKey
} from "../domain/Errors.ts"
import type {
  CommitRequest,
  Deleted,
  Deployed,
  DeployedFields,
  DeployOrder,
  Executed,
  ExecuteOrder,
  HoldRequest,
  LogSource,
  OrderResult,
  ProvedRequest,
  ReleaseRequest,
  Renewal,
  RenewOrder,
  Source,
  TakedownRequest,
  TakenDown,
  UpdateOrder
} from "../domain/Order.ts"
import type { Status } from "../domain/Status.ts"
import { PaymentRejected } from "../payment/PaymentService.ts"

const common = [
  PaymentRejected,
  InvalidRequest,
  BundleFailed,
  Busy,
  TooManyAttempts,
  PaymentUnavailable,
  PaymentPending,
  OrderInProgress,
  WrongIdempotencyKey,
  Expired,
  Internal
] as const

/** Every error that ends a deploy. */
export const DeployError = Schema.Union([...common, ...saleErrors, TooManyDeployments, DeployFailed, HostUnavailable])
/** Every error that ends a deploy. */
export type DeployError = typeof DeployError.Type

/** Every error that ends an execution. */
export const ExecuteError = Schema.Union([...common, ...saleErrors, ExecuteFailed])
/** Every error that ends an execution. */
export type ExecuteError = typeof ExecuteError.Type

/** Every error that ends a renewal. */
export const RenewError = Schema.Union([
  ...saleErrors,
  PaymentRejected,
  InvalidRequest,
  Busy,
  TooManyAttempts,
  PaymentUnavailable,
  PaymentPending,
  OrderInProgress,
  WrongIdempotencyKey,
  Expired,
  Internal,
  DeployFailed,
  NotFound,
  TooFarAhead
])
/** Every error that ends a renewal. */
export type RenewError = typeof RenewError.Type

/** Every error of a deployment that is asked to hold for a renewal. Nothing was charged for it. */
export const HoldError = Schema.Union([NotFound, Expired, OrderInProgress, TooFarAhead, Internal])
/** Every error of a deployment that is asked to hold for a renewal. */
export type HoldError = typeof HoldError.Type

/** Every error of a deployment that records a renewal. It has expired if it was taken down meanwhile. */
export const CommitError = Schema.Union([NotFound, Expired, Internal])
/** Every error of a deployment that records a renewal. */
export type CommitError = typeof CommitError.Type

/** Every error that ends an order. */
export type OrderError = DeployError | ExecuteError | RenewError

/** Every error that ends an update. */
export const UpdateError = Schema.Union([
  ...common,
  DeployFailed,
  NotFound,
  Forbidden,
  CodeTooLarge,
  PreconditionFailed
])
/** Every error that ends an update. */
export type UpdateError = typeof UpdateError.Type

/** Every error of a request that its client has proved. */
export const ProvedError = Schema.Union([PaymentRejected, NotFound, Forbidden, Expired, OrderInProgress, Internal])
/** Every error of a request that its client has proved. */
export type ProvedError = typeof ProvedError.Type

/** Every error of a takedown. It has expired if it was over before. */
export const TakedownError = Schema.Union([NotFound, Expired, Internal])
/** Every error of a takedown. */
export type TakedownError = typeof TakedownError.Type

/** A deployment as the operator sees it. */
export interface Details {
  readonly status: Status
  readonly payer: string
  /** The project at the host; null if there is none. */
  readonly project_id: string | null
  /** Dollars, as a decimal string; null if an earlier release has sold it. */
  readonly amount: string | null
  /** The payment. On Tempo: the transaction's hash. */
  readonly reference: string
  /** Its renewals that were paid. */
  readonly renewals: ReadonlyArray<Pick<Renewal, "id" | "reference" | "hours">>
}

/** Every operation of an order. `R` is what an implementation needs, and `Refused` its own errors when it looks up an id. */
export interface OrderOperations<R = never, Refused = never> {
  /** Does a deploy, or joins the same one in progress. Waits a bounded time. A caller that goes away changes nothing. */
  readonly submit: (order: DeployOrder) => Effect.Effect<Deployed, DeployError, R>
  /** Does an execution in the same way. */
  readonly execute: (order: ExecuteOrder) => Effect.Effect<Executed, ExecuteError, R>
  /** Does a renewal in the same way. */
  readonly renew: (order: RenewOrder) => Effect.Effect<Deployed, RenewError | Refused, R>
  /** Holds a deployment for a renewal that is about to be paid: until its end is known, the deployment does not end. */
  readonly hold: (request: HoldRequest) => Effect.Effect<void, HoldError | Refused, R>
  /** Makes the time of a deployment longer, once for each renewal. */
  readonly commit: (request: CommitRequest) => Effect.Effect<DeployedFields, CommitError | Refused, R>
  /** Ends the hold of a renewal that will never be paid. */
  readonly release: (request: ReleaseRequest) => Effect.Effect<void, Internal | NotFound | Refused, R>
  /** Replaces the code of a deployment for its payer. Waits a bounded time. */
  readonly update: (order: UpdateOrder) => Effect.Effect<Deployed, UpdateError, R>
  /** Deletes a deployment for its payer. */
  readonly remove: (request: ProvedRequest) => Effect.Effect<Deleted, ProvedError | Refused, R>
  /** Takes a deployment down for the operator, for good and whatever is in progress. */
  readonly takeDown: (request: TakedownRequest) => Effect.Effect<TakenDown, TakedownError | Refused, R>
  /** Reads the source of a deployment for its payer. */
  readonly readSource: (request: ProvedRequest) => Effect.Effect<Source, ProvedError | Refused, R>
  /** Says where the log of a deployment is, for its payer. */
  readonly readLogs: (request: ProvedRequest) => Effect.Effect<LogSource, ProvedError | Refused, R>
  /**
   * Whether a project that carries this deployment's id is, or may become, this deployment's. Nobody else may delete such a
   * project.
   */
  readonly claims: (deploymentId: string, projectId: string) => Effect.Effect<boolean, never, R>
  /** The state of one deployment; `undefined` if there is none. */
  readonly status: (deploymentId: string) => Effect.Effect<Status | undefined, Refused, R>
  /** One deployment for the operator; `undefined` if there is none. */
  readonly inspect: (deploymentId: string) => Effect.Effect<Details | undefined, Refused, R>
}

/** Returns the result of a deploy. Another result is a defect, because orders of one object have one operation. */
export const deployed = <R>(
  outcome: Effect.Effect<OrderResult, OrderError, R>
): Effect.Effect<Deployed, DeployError, R> =>
  outcome.pipe(
    Effect.catchTag(["ExecuteFailed", "NotFound", "TooFarAhead"], (error) => Effect.die(error)),
    Effect.flatMap((done) => ("url" in done ? Effect.succeed(done) : Effect.die(new Error("no deploy"))))
  )

/** Returns the result of an execution. Another result is a defect. */
export const executed = <R>(
  outcome: Effect.Effect<OrderResult, OrderError, R>
): Effect.Effect<Executed, ExecuteError, R> =>
  outcome.pipe(
    Effect.catchTag(["DeployFailed", "HostUnavailable", "NotFound", "TooFarAhead", "TooManyDeployments"], (error) =>
      Effect.die(error)
    ),
    Effect.flatMap((done) => ("output" in done ? Effect.succeed(done) : Effect.die(new Error("no execution"))))
  )

/** Returns the result of a renewal. Another result is a defect. */
export const renewed = <R>(
  outcome: Effect.Effect<OrderResult, OrderError, R>
): Effect.Effect<Deployed, RenewError, R> =>
  outcome.pipe(
    Effect.catchTag(["ExecuteFailed", "HostUnavailable", "BundleFailed", "TooManyDeployments"], (error) =>
      Effect.die(error)
    ),
    Effect.flatMap((done) => ("url" in done ? Effect.succeed(done) : Effect.die(new Error("no renewal"))))
  )
