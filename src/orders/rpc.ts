import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DiagnosticSchema } from "../domain/Diagnostic.ts"
import {
  BundleFailed,
  Busy,
  DeployFailed,
  ExecuteFailed,
  Expired,
  Forbidden,
  HostUnavailable,
  Internal,
  NotFound,
  OrderInProgress,
  PaymentPending,
  PaymentUnavailable,
  TooManyAttempts,
  WrongIdempotencyKey
} from "../domain/Errors.ts"
import type { OrderResult, Deployed, Executed } from "../domain/Order.ts"
import { PaymentRejected } from "../payment/PaymentService.ts"

const common = [
  PaymentRejected,
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

/** Every way in which a deploy can end other than live. */
export const DeployError = Schema.Union([...common, DeployFailed, HostUnavailable])
/** Every way in which a deploy can end other than live. */
export type DeployError = typeof DeployError.Type

/** Every way in which an execution can end other than run. */
export const ExecuteError = Schema.Union([...common, ExecuteFailed])
/** Every way in which an execution can end other than run. */
export type ExecuteError = typeof ExecuteError.Type

/** Every way in which an order can end other than done. */
export type OrderError = DeployError | ExecuteError

/** Every way in which an update can end other than live. */
export const UpdateError = Schema.Union([...common, DeployFailed, NotFound, Forbidden])
/** Every way in which an update can end other than live. */
export type UpdateError = typeof UpdateError.Type

const DeployedSchema = Schema.Struct({
  url: Schema.String,
  deployment_id: Schema.String,
  expires_at: Schema.String,
  ttl_hours: Schema.Number,
  receipt: Schema.String
})

/** `GET /deployments/{deployment_id}` answers this. `expires_at`, `updated_at` and `url` are null until the site is live. */
export const Status = Schema.Struct({
  deployment_id: Schema.String.annotate({ description: "Id of the deployment." }),
  url: Schema.NullOr(Schema.String).annotate({ description: "Where the code is served; null until it is live." }),
  status: Schema.Literals(["delivering", "live", "failed", "expired"]).annotate({ description: "Its state." }),
  created_at: Schema.String.annotate({ description: "When it was paid for: UTC." }),
  updated_at: Schema.NullOr(Schema.String).annotate({ description: "When its code went live last: UTC." }),
  expires_at: Schema.NullOr(Schema.String).annotate({ description: "When it is, or was, deleted: UTC." }),
  charged: Schema.NullOr(Schema.Boolean).annotate({
    description: "Whether money moved; null while the chain has not confirmed it."
  }),
  last_failure: Schema.NullOr(Schema.String).annotate({
    description: "The last failure, in plain words; null for none."
  }),
  warnings: Schema.Array(DiagnosticSchema).annotate({
    description:
      "The compiler's warnings about the code that is live, or that is delivered: at most 20. An update replaces them."
  }),
  lock: Schema.Record(Schema.String, Schema.String).annotate({
    description: "The npm packages in that code, by what was asked for. A file mpp.lock.json with it repeats them."
  })
}).annotate({ description: "The deployment as it is now." })
/** `GET /deployments/{deployment_id}` answers this. */
export type Status = typeof Status.Type

/**
 * An order's outcome as it crosses the boundary of its object: an error thrown across it would keep its fields and lose its
 * class, so the whole `Exit` travels as JSON and is an `Exit` with real classes again on the other side.
 */
export const Outcome = Schema.toCodecJson(Schema.Exit(DeployedSchema, DeployError, Schema.Defect()))

/** An update's outcome, as `Outcome`. */
export const UpdateOutcome = Schema.toCodecJson(Schema.Exit(DeployedSchema, UpdateError, Schema.Defect()))

const ExecutedSchema = Schema.Struct({ execution_id: Schema.String, output: Schema.String, receipt: Schema.String })

/** An execution's outcome, as `Outcome`. */
export const ExecuteOutcome = Schema.toCodecJson(Schema.Exit(ExecutedSchema, ExecuteError, Schema.Defect()))

/** An order's outcome, where only deploys are: anything else in their objects would be a defect. */
export const deployed = <R>(
  outcome: Effect.Effect<OrderResult, OrderError, R>
): Effect.Effect<Deployed, DeployError, R> =>
  outcome.pipe(
    Effect.catchTag("ExecuteFailed", (error) => Effect.die(error)),
    Effect.flatMap((done) => ("url" in done ? Effect.succeed(done) : Effect.die(new Error("no deploy"))))
  )

/** An order's outcome, where only executions are. */
export const executed = <R>(
  outcome: Effect.Effect<OrderResult, OrderError, R>
): Effect.Effect<Executed, ExecuteError, R> =>
  outcome.pipe(
    Effect.catchTag(["DeployFailed", "HostUnavailable"], (error) => Effect.die(error)),
    Effect.flatMap((done) => ("output" in done ? Effect.succeed(done) : Effect.die(new Error("no execution"))))
  )
