import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { notCharged, ownProblem, Problem, protocolProblem, Retry } from "../problem.ts"

/** The protocol's reasons for a 402, each with its title. */
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
 * 402: the request has no credential, or none that is valid. `type` and `title` name the protocol's reason. The answer always
 * carries a fresh challenge.
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

/** 503: money may have moved, and the chain has not confirmed it. */
export class PaymentPending extends Problem<PaymentPending>()(
  "PaymentPending",
  { type: ownProblem("payment_pending"), status: 503, title: "Payment pending" },
  {
    code: Schema.tag("payment_pending"),
    charged: Schema.Null.pipe(Schema.withConstructorDefault(Effect.succeed(null))),
    /** Null for an execution, which has no status page. */
    deployment_id: Schema.NullOr(Schema.String),
    status_url: Schema.NullOr(Schema.String),
    retry: Retry,
    retry_after: Schema.Int
  }
) {}

/** 503: the chain does not answer, and nothing was sent to it. */
export class PaymentUnavailable extends Problem<PaymentUnavailable>()(
  "PaymentUnavailable",
  { type: ownProblem("payment_unavailable"), status: 503, title: "Payment unavailable" },
  { code: Schema.tag("payment_unavailable"), charged: notCharged, retry_after: Schema.Int }
) {}

/**
 * 429: this payer has too many attempts in flight, or too many that failed within an hour. The payer still gets orders that are
 * paid for or finished.
 */
export class TooManyAttempts extends Problem<TooManyAttempts>()(
  "TooManyAttempts",
  { type: ownProblem("too_many_attempts"), status: 429, title: "Too many attempts" },
  {
    code: Schema.tag("too_many_attempts"),
    /** True for an update, because its deployment was paid for. */
    charged: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(false))),
    retry_after: Schema.Int
  }
) {}

/** 403: the operator sells nothing to this payer. The payer still gets orders that are paid for or finished. */
export class Denied extends Problem<Denied>()(
  "Denied",
  { type: ownProblem("denied"), status: 403, title: "Denied" },
  { code: Schema.tag("denied"), charged: notCharged }
) {}

/** 429: this payer has as many deployments at once as one payer may have. */
export class TooManyDeployments extends Problem<TooManyDeployments>()(
  "TooManyDeployments",
  { type: ownProblem("too_many_deployments"), status: 429, title: "Too many deployments" },
  {
    code: Schema.tag("too_many_deployments"),
    charged: notCharged,
    /** When the first of them ends; null while none is live yet. */
    ends_at: Schema.NullOr(Schema.String),
    retry_after: Schema.Int
  }
) {}

/** 503: the operator has stopped sales. Orders that are paid for or finished are served. */
export class SalesPaused extends Problem<SalesPaused>()(
  "SalesPaused",
  { type: ownProblem("sales_paused"), status: 503, title: "Sales paused" },
  { code: Schema.tag("sales_paused"), charged: notCharged, retry_after: Schema.Int }
) {}

/** The operator's refusals of new purchases. */
export const saleErrors = [Denied, SalesPaused] as const
