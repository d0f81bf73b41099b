import * as Schema from "effect/Schema"
import {
  BundleFailed,
  Busy,
  DeployFailed,
  Expired,
  Forbidden,
  Internal,
  NotFound,
  OrderInProgress,
  PaymentPending,
  PaymentUnavailable
} from "../domain/Errors.ts"
import { PaymentRejected } from "../payment/PaymentService.ts"

/** Every way in which an order can end other than live. */
export const DeployError = Schema.Union([
  PaymentRejected,
  BundleFailed,
  Busy,
  PaymentUnavailable,
  PaymentPending,
  OrderInProgress,
  DeployFailed,
  Expired,
  Internal
])
/** Every way in which an order can end other than live. */
export type DeployError = typeof DeployError.Type

/** Every way in which an update can end other than live. */
export const UpdateError = Schema.Union([...DeployError.members, NotFound, Forbidden])
/** Every way in which an update can end other than live. */
export type UpdateError = typeof UpdateError.Type

const Delivered = Schema.Struct({
  url: Schema.String,
  deployment_id: Schema.String,
  expires_at: Schema.String,
  ttl_hours: Schema.Number,
  receipt: Schema.String
})

/** What `GET /deployments/{deployment_id}` answers. `expires_at`, `updated_at` and `url` are null until the site is live. */
export const Status = Schema.Struct({
  deployment_id: Schema.String,
  url: Schema.NullOr(Schema.String),
  status: Schema.Literals(["delivering", "live", "failed", "expired"]),
  /** When it was paid for. */
  created_at: Schema.String,
  /** When its code went live last. */
  updated_at: Schema.NullOr(Schema.String),
  /** When its time is, or was, over. */
  expires_at: Schema.NullOr(Schema.String),
  /** Whether money has moved: null while the chain has not said. */
  charged: Schema.NullOr(Schema.Boolean),
  /** The last thing that went wrong, in plain words; null where nothing did. */
  last_failure: Schema.NullOr(Schema.String)
})
/** What `GET /deployments/{deployment_id}` answers. */
export type Status = typeof Status.Type

/**
 * An order's outcome as it crosses the boundary of its object: an error thrown across it would keep its fields and lose its
 * class, so the whole `Exit` travels as JSON and is an `Exit` with real classes again on the other side.
 */
export const Outcome = Schema.toCodecJson(Schema.Exit(Delivered, DeployError, Schema.Defect()))

/** An update's outcome, as `Outcome`. */
export const UpdateOutcome = Schema.toCodecJson(Schema.Exit(Delivered, UpdateError, Schema.Defect()))
