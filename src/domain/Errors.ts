import * as Effect from "effect/Effect"
import * as HttpApiError from "effect/http-api/HttpApiError"
import * as Schema from "effect/Schema"
import { DiagnosticSchema } from "../bundler/Bundler.ts"
import { notCharged, ownProblem, protocolProblem, Retry } from "./problem.ts"

/**
 * The answers other than success: one class a response, rendered as `application/problem+json` (RFC 9457) by the API
 * definition. Every one says in `charged` whether the order's money has moved: `true`, `false`, or `null` while the chain
 * has not said; and in `detail` what is wrong and what to do.
 */

/** 400: no usable `files`. */
export class MissingFiles extends HttpApiError.Problem<MissingFiles>()(
  "MissingFiles",
  { type: ownProblem("missing_files"), status: 400, title: "Missing files" },
  { code: Schema.tag("missing_files"), charged: notCharged }
) {}

/** 400: the request is not well formed: a path, the name, the idempotency key, the credentials. */
export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()(
  "InvalidRequest",
  { type: ownProblem("invalid_request"), status: 400, title: "Invalid request" },
  { code: Schema.tag("invalid_request"), charged: notCharged }
) {}

/** 400: a credential for a payment method or intent that was never offered. */
export class MethodUnsupported extends HttpApiError.Problem<MethodUnsupported>()(
  "MethodUnsupported",
  { type: protocolProblem("method-unsupported"), status: 400, title: "Payment method unsupported" },
  { code: Schema.tag("invalid_request"), charged: notCharged }
) {}

/** 413: more source, or a larger body, than is taken. */
export class CodeTooLarge extends HttpApiError.Problem<CodeTooLarge>()(
  "CodeTooLarge",
  { type: ownProblem("code_too_large"), status: 413, title: "Code too large" },
  { code: Schema.tag("code_too_large"), charged: notCharged, limit_bytes: Schema.Int }
) {}

/** 414: a URL that is longer than any of ours. */
export class UriTooLong extends HttpApiError.Problem<UriTooLong>()(
  "UriTooLong",
  { type: ownProblem("uri_too_long"), status: 414, title: "URI too long" },
  { code: Schema.tag("uri_too_long"), charged: notCharged }
) {}

/** 431: an `Authorization` header that is longer than any credential. */
export class HeaderTooLarge extends HttpApiError.Problem<HeaderTooLarge>()(
  "HeaderTooLarge",
  { type: ownProblem("header_too_large"), status: 431, title: "Header too large" },
  { code: Schema.tag("header_too_large"), charged: notCharged }
) {}

/** 415: a body that does not say that it is JSON. */
export class UnsupportedMediaType extends HttpApiError.Problem<UnsupportedMediaType>()(
  "UnsupportedMediaType",
  { type: ownProblem("unsupported_media_type"), status: 415, title: "Unsupported media type" },
  { code: Schema.tag("unsupported_media_type"), charged: notCharged }
) {}

/** The protocol's reasons for a 402, with what each is called for people. */
export const paymentProblems = {
  "payment-required": "Payment required",
  "malformed-credential": "Malformed credential",
  "invalid-challenge": "Invalid challenge",
  "payment-expired": "Payment expired",
  "verification-failed": "Payment verification failed"
} as const

/** One of the protocol's reasons for a 402. */
export type PaymentProblem = keyof typeof paymentProblems

/**
 * 402: no credential, or none that can be taken. `type` and `title` say which of the protocol's reasons it is; the answer
 * always carries a fresh challenge.
 */
export class PaymentRequired extends Schema.Error<PaymentRequired>("PaymentRequired")(
  {
    type: Schema.Literals(Object.keys(paymentProblems).map((name) => protocolProblem(name))),
    status: Schema.tag(402),
    title: Schema.String,
    detail: Schema.String,
    code: Schema.tag("payment_required"),
    charged: notCharged
  },
  { description: "Payment required", httpApiStatus: 402 }
) {
  readonly _tag = "PaymentRequired"

  static of(problem: PaymentProblem, detail: string) {
    return new PaymentRequired({ type: protocolProblem(problem), title: paymentProblems[problem], detail })
  }
}

/** 422: the source does not bundle, has nothing that can serve, or does not start. */
export class BundleFailed extends HttpApiError.Problem<BundleFailed>()(
  "BundleFailed",
  { type: ownProblem("bundle_failed"), status: 422, title: "Bundle failed" },
  {
    code: Schema.tag("bundle_failed"),
    /** True for an update: its deployment was paid for. */
    charged: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
    diagnostics: Schema.Array(DiagnosticSchema)
  }
) {}

/** 409: this very order is being served; `retry_after` in seconds, also sent as `Retry-After`. */
export class OrderInProgress extends HttpApiError.Problem<OrderInProgress>()(
  "OrderInProgress",
  { type: ownProblem("order_in_progress"), status: 409, title: "Order in progress" },
  {
    code: Schema.tag("order_in_progress"),
    charged: Schema.NullOr(Schema.Boolean),
    /** Null until the payment was sent, and for an execution. */
    deployment_id: Schema.NullOr(Schema.String),
    status_url: Schema.NullOr(Schema.String),
    retry: Retry,
    retry_after: Schema.Int
  }
) {}

/**
 * 409: a credential that has paid, with another `Idempotency-Key` than its purchase has. `retry` is absent where that key is
 * the client's own.
 */
export class WrongIdempotencyKey extends HttpApiError.Problem<WrongIdempotencyKey>()(
  "WrongIdempotencyKey",
  { type: ownProblem("wrong_idempotency_key"), status: 409, title: "Wrong idempotency key" },
  {
    code: Schema.tag("wrong_idempotency_key"),
    charged: Schema.NullOr(Schema.Boolean),
    retry: Schema.optionalKey(Retry)
  }
) {}

/** 503: money may have moved and the chain has not said. */
export class PaymentPending extends HttpApiError.Problem<PaymentPending>()(
  "PaymentPending",
  { type: ownProblem("payment_pending"), status: 503, title: "Payment pending" },
  {
    code: Schema.tag("payment_pending"),
    charged: Schema.Null.pipe(Schema.withConstructorDefault(Effect.succeed(null))),
    /** Null for an execution, which has no status of its own. */
    deployment_id: Schema.NullOr(Schema.String),
    status_url: Schema.NullOr(Schema.String),
    retry: Retry,
    retry_after: Schema.Int
  }
) {}

/** 503: the chain cannot be asked, and nothing was sent to it. */
export class PaymentUnavailable extends HttpApiError.Problem<PaymentUnavailable>()(
  "PaymentUnavailable",
  { type: ownProblem("payment_unavailable"), status: 503, title: "Payment unavailable" },
  { code: Schema.tag("payment_unavailable"), charged: notCharged, retry_after: Schema.Int }
) {}

/**
 * 502: charged and not live yet. `fault: "service"` goes on by itself; `fault: "code"` means that the host refuses this
 * code. Asking again with `retry.idempotency_key` and the same body costs nothing.
 */
export class DeployFailed extends HttpApiError.Problem<DeployFailed>()(
  "DeployFailed",
  { type: ownProblem("deploy_failed"), status: 502, title: "Deploy failed" },
  {
    code: Schema.tag("deploy_failed"),
    charged: Schema.tag(true),
    deployment_id: Schema.String,
    status_url: Schema.String,
    fault: Schema.Literals(["service", "code"]),
    retry: Retry,
    /** Absent where waiting does not help. */
    retry_after: Schema.optionalKey(Schema.Int)
  }
) {}

/** 502: the host could not deliver at this moment, which was asked before the payment: nothing was charged or written. */
export class HostUnavailable extends HttpApiError.Problem<HostUnavailable>()(
  "HostUnavailable",
  { type: ownProblem("deploy_failed"), status: 502, title: "Host unavailable" },
  {
    code: Schema.tag("deploy_failed"),
    charged: notCharged,
    /** `unavailable`: an outage, which ends by itself. `unusable`: the operator has to mend the account at the host. */
    host: Schema.Literals(["unavailable", "unusable"]),
    retry_after: Schema.Int
  }
) {}

/**
 * 502: charged and not run yet, which is our fault. Asking again with `retry.idempotency_key` and the same body costs
 * nothing.
 */
export class ExecuteFailed extends HttpApiError.Problem<ExecuteFailed>()(
  "ExecuteFailed",
  { type: ownProblem("execute_failed"), status: 502, title: "Execution failed" },
  {
    code: Schema.tag("execute_failed"),
    charged: Schema.tag(true),
    fault: Schema.tag("service"),
    retry: Retry,
    /** Absent where waiting does not help. */
    retry_after: Schema.optionalKey(Schema.Int)
  }
) {}

/** 503: too many builds, or payments of one client, in flight; `charged` is null where the order was not asked. */
export class Busy extends HttpApiError.Problem<Busy>()(
  "Busy",
  { type: ownProblem("busy"), status: 503, title: "Busy" },
  {
    code: Schema.tag("busy"),
    charged: Schema.NullOr(Schema.Literal(false)).pipe(Schema.withConstructorDefault(Effect.succeed(false as const))),
    retry_after: Schema.Int
  }
) {}

/**
 * 429: this payer has too many attempts in flight, or too many that came to nothing within an hour. What is owed and what is
 * finished is served all the same.
 */
export class TooManyAttempts extends HttpApiError.Problem<TooManyAttempts>()(
  "TooManyAttempts",
  { type: ownProblem("too_many_attempts"), status: 429, title: "Too many attempts" },
  {
    code: Schema.tag("too_many_attempts"),
    /** True for an update: its deployment was paid for. */
    charged: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
    retry_after: Schema.Int
  }
) {}

/** 503: settings are missing or malformed; `missing` names them. */
export class NotConfigured extends HttpApiError.Problem<NotConfigured>()(
  "NotConfigured",
  { type: ownProblem("not_configured"), status: 503, title: "Not configured" },
  { code: Schema.tag("not_configured"), charged: notCharged, missing: Schema.Array(Schema.String) }
) {}

/** 403: somebody else's: the proof is good, and not the payer's; or the caller is not who may call. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  { type: ownProblem("forbidden"), status: 403, title: "Forbidden" },
  { code: Schema.tag("forbidden"), charged: notCharged }
) {}

/** 404: no such path, or no such deployment. */
export class NotFound extends HttpApiError.Problem<NotFound>()(
  "NotFound",
  { type: ownProblem("not_found"), status: 404, title: "Not found" },
  { code: Schema.tag("not_found"), charged: notCharged }
) {}

/** 410: it was delivered, its time is over, and this key has had its answer. `deployment_id` is null for an execution. */
export class Expired extends HttpApiError.Problem<Expired>()(
  "Expired",
  { type: ownProblem("expired"), status: 410, title: "Expired" },
  { code: Schema.tag("expired"), charged: Schema.tag(true), deployment_id: Schema.NullOr(Schema.String) }
) {}

/** 405: the path is there, the method is not; the answer carries `Allow`. */
export class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()(
  "MethodNotAllowed",
  { type: ownProblem("method_not_allowed"), status: 405, title: "Method not allowed" },
  { code: Schema.tag("method_not_allowed"), charged: notCharged }
) {}

/** 500: a defect of ours; what it was stays in the log. */
export class Internal extends HttpApiError.Problem<Internal>()(
  "Internal",
  { type: ownProblem("internal_error"), status: 500, title: "Internal error" },
  { code: Schema.tag("internal_error"), charged: Schema.NullOr(Schema.Boolean), retry: Schema.optionalKey(Retry) }
) {}
