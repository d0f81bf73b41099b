import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Errors from "../../domain/Errors.ts"
import { deploymentId } from "./common.ts"

/** The longest texts of a report, in characters. */
export const MAX_REASON = 1000
export const MAX_CONTACT = 200
export const MAX_URL = 1000

/** The body of a report. It names the deployment by one of the first two fields. */
export const ReportRequest = Schema.Struct({
  url: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_URL))).annotate({
    description: "An address of the deployment, or deployment_id instead."
  }),
  deployment_id: Schema.optionalKey(deploymentId),
  reason: Schema.String.check(Schema.isMaxLength(MAX_REASON)).annotate({ description: "What is wrong with it." }),
  contact: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_CONTACT))).annotate({
    description: "How to reach you, for the operator alone."
  })
})

/** The answer to a report. */
export const Reported = Schema.Struct({
  deployment_id: deploymentId,
  status: Schema.Literal("received").annotate({ description: "Up to 10 are kept for a deployment." })
})
  .annotate({ description: "The report was received." })
  .pipe(HttpApiSchema.status(202))

/** Takes a report about a deployment. */
export const report = HttpApiEndpoint.post("report", "/reports", {
  payload: ReportRequest,
  success: Reported,
  error: [Errors.InvalidRequest, Errors.NotFound, Errors.UnsupportedMediaType, Errors.Busy, Errors.NotConfigured]
}).annotateMerge(
  OpenApi.annotations({ description: "Reports a deployment to the operator of the service. Free, without a payment." })
)
