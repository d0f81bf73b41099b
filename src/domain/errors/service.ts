import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { notCharged, ownProblem, Problem, Retry } from "../problem.ts"

/**
 * 503: too many builds, or too many payments of one client, are in flight. `charged` is null if the gateway could not ask the
 * order.
 */
export class Busy extends Problem<Busy>()(
  "Busy",
  { type: ownProblem("busy"), status: 503, title: "Busy" },
  {
    code: Schema.tag("busy"),
    charged: Schema.NullOr(Schema.Literal(false)).pipe(Schema.withConstructorDefault(Effect.succeed(false as const))),
    retry_after: Schema.Int
  }
) {}

/** 503: settings are missing or malformed; `missing` names them. */
export class NotConfigured extends Problem<NotConfigured>()(
  "NotConfigured",
  { type: ownProblem("not_configured"), status: 503, title: "Not configured" },
  { code: Schema.tag("not_configured"), charged: notCharged, missing: Schema.Array(Schema.String) }
) {}

/** 500: a defect of the service. Only the log says what failed. */
export class Internal extends Problem<Internal>()(
  "Internal",
  { type: ownProblem("internal_error"), status: 500, title: "Internal error" },
  { code: Schema.tag("internal_error"), charged: Schema.NullOr(Schema.Boolean), retry: Schema.optionalKey(Retry) }
) {}
