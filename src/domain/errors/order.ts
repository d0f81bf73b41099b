import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DiagnosticSchema } from "../Diagnostic.ts"
import { notCharged, ownProblem, Problem, Retry } from "../problem.ts"

/** 422: the source does not bundle, exports nothing that can serve, or does not start. */
export class BundleFailed extends Problem<BundleFailed>()(
  "BundleFailed",
  { type: ownProblem("bundle_failed"), status: 422, title: "Bundle failed" },
  {
    code: Schema.tag("bundle_failed"),
    /** True for an update, because its deployment was paid for. */
    charged: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
    diagnostics: Schema.Array(DiagnosticSchema)
  }
) {}

/** 409: the same order is in progress. `retry_after` is in seconds; the answer also sends it as `Retry-After`. */
export class OrderInProgress extends Problem<OrderInProgress>()(
  "OrderInProgress",
  { type: ownProblem("order_in_progress"), status: 409, title: "Order in progress" },
  {
    code: Schema.tag("order_in_progress"),
    charged: Schema.NullOr(Schema.Boolean),
    /** Null until the payment is sent, and for an execution. */
    deployment_id: Schema.NullOr(Schema.String),
    status_url: Schema.NullOr(Schema.String),
    retry: Retry,
    retry_after: Schema.Int
  }
) {}

/**
 * 409: the credential has paid, and the request brings another `Idempotency-Key` than its purchase has. `retry` is absent if
 * the client chose that key itself.
 */
export class WrongIdempotencyKey extends Problem<WrongIdempotencyKey>()(
  "WrongIdempotencyKey",
  { type: ownProblem("wrong_idempotency_key"), status: 409, title: "Wrong idempotency key" },
  {
    code: Schema.tag("wrong_idempotency_key"),
    charged: Schema.NullOr(Schema.Boolean),
    retry: Schema.optionalKey(Retry)
  }
) {}

/**
 * 502: the client is charged and the site is not live yet. With `fault: "service"` the service retries by itself; `fault:
 * "code"` means that the host refuses this code. To repeat the same body with `retry.idempotency_key` costs nothing.
 */
export class DeployFailed extends Problem<DeployFailed>()(
  "DeployFailed",
  { type: ownProblem("deploy_failed"), status: 502, title: "Deploy failed" },
  {
    code: Schema.tag("deploy_failed"),
    charged: Schema.tag(true),
    deployment_id: Schema.String,
    status_url: Schema.String,
    fault: Schema.Literals(["service", "code"]),
    retry: Retry,
    /** Absent if waiting does not help. */
    retry_after: Schema.optionalKey(Schema.Int)
  }
) {}

/** 502: the host could not deliver when the order asked it before the payment. Nothing was charged or written. */
export class HostUnavailable extends Problem<HostUnavailable>()(
  "HostUnavailable",
  { type: ownProblem("deploy_failed"), status: 502, title: "Host unavailable" },
  {
    code: Schema.tag("deploy_failed"),
    charged: notCharged,
    /** `unavailable`: an outage, which ends by itself. `unusable`: the operator has to fix the account at the host. */
    host: Schema.Literals(["unavailable", "unusable"]),
    retry_after: Schema.Int
  }
) {}

/**
 * 502: the client is charged and the code did not run yet, because the service failed. To repeat the same body with
 * `retry.idempotency_key` costs nothing.
 */
export class ExecuteFailed extends Problem<ExecuteFailed>()(
  "ExecuteFailed",
  { type: ownProblem("execute_failed"), status: 502, title: "Execution failed" },
  {
    code: Schema.tag("execute_failed"),
    charged: Schema.tag(true),
    fault: Schema.tag("service"),
    retry: Retry,
    /** Absent if waiting does not help. */
    retry_after: Schema.optionalKey(Schema.Int)
  }
) {}

/**
 * 410: the order was delivered, and has expired, or its payer has deleted it, or the operator has taken it down. `deployment_id` is
 * null for an execution.
 */
export class Expired extends Problem<Expired>()(
  "Expired",
  { type: ownProblem("expired"), status: 410, title: "Expired" },
  {
    code: Schema.tag("expired"),
    /** False for a renewal that is refused. */
    charged: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(true))),
    deployment_id: Schema.NullOr(Schema.String),
    /** When its time was over, or when it was deleted: UTC. */
    expired_at: Schema.NullOr(Schema.String)
  }
) {}

/** 409: a renewal would reach further ahead than the service sells. Nothing was charged. */
export class TooFarAhead extends Problem<TooFarAhead>()(
  "TooFarAhead",
  { type: ownProblem("too_far_ahead"), status: 409, title: "Too far ahead" },
  {
    code: Schema.tag("too_far_ahead"),
    charged: notCharged,
    /** When the deployment ends as it is, with renewals that are being paid: UTC. */
    expires_at: Schema.String,
    /** A renewal may reach this many days ahead. */
    max_days: Schema.Finite
  }
) {}

/** 412: the source of the deployment is not the one that `If-Match` names. Nothing has changed. */
export class PreconditionFailed extends Problem<PreconditionFailed>()(
  "PreconditionFailed",
  { type: ownProblem("precondition_failed"), status: 412, title: "Precondition failed" },
  {
    code: Schema.tag("precondition_failed"),
    /** The deployment was paid for, and the update is free. */
    charged: Schema.tag(true),
    /** The tag of the present source; null if none is kept. */
    etag: Schema.NullOr(Schema.String)
  }
) {}
