import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as Errors from "../../domain/Errors.ts"
import { MAX_SECRET_BYTES, MAX_SECRETS } from "../request/project/env.ts"

/** A text field with its description. */
export const described = (description: string) => Schema.String.annotate({ description })

/** The field or the parameter with a deployment's id. */
export const deploymentId = described("Id of the deployment, dep_…")

/** The content of a file. */
export const FileContent = Schema.Union([
  Schema.String,
  Schema.Struct({ base64: described("Bytes: padded base64 without line breaks.") })
])

/** The files of a body. */
export const Files = Schema.Record(Schema.String, FileContent).annotate({
  identifier: "Files",
  description:
    "Files by path: text, or bytes. The entrypoint is main of wrangler.jsonc, package.json's exports or main, or src/index.ts and the like.",
  examples: [{ "src/index.ts": "export default { fetch: () => Response.json({ hello: 'world' }) }" }]
})

/** The secrets of a body. Answers never have them. */
export const Env = Schema.Record(Schema.String, Schema.String).annotate({
  identifier: "Env",
  description: `Secrets: env.NAME in the code. At most ${MAX_SECRETS}, of ${MAX_SECRET_BYTES} bytes each. Kept encrypted until the deployment ends.`
})

/** The answer to a deploy. The header `Payment-Receipt` carries the receipt. */
export const Deployment = Schema.Struct({
  url: described("Where the code is served."),
  deployment_id: deploymentId,
  expires_at: described("When the deployment is deleted: UTC, 2026-03-27T21:00:00Z."),
  ttl_hours: Schema.Finite.annotate({ description: "Hours from going live to expires_at." })
}).annotate({ identifier: "Deployment", description: "The code is live." })

/** The 402, which is no problem of its own but the protocol's. */
export const PaymentRequired = Errors.PaymentRequired.pipe(
  HttpApiSchema.asJson({ contentType: "application/problem+json" })
)

/** The errors of a request that takes a proof and no body. */
export const provedErrors = [
  Errors.InvalidRequest,
  Errors.MethodUnsupported,
  PaymentRequired,
  Errors.Forbidden,
  Errors.NotFound,
  Errors.OrderInProgress,
  Errors.Expired,
  Errors.HeaderTooLarge,
  Errors.Internal,
  Errors.Busy,
  Errors.NotConfigured
] as const

/** The errors of a list of deployments. */
export const listErrors = [
  Errors.InvalidRequest,
  Errors.MethodUnsupported,
  PaymentRequired,
  Errors.HeaderTooLarge,
  Errors.Internal,
  Errors.Busy,
  Errors.NotConfigured
] as const

/** The errors of a renewal. */
export const renewErrors = [
  ...Errors.saleErrors,
  Errors.InvalidRequest,
  Errors.MethodUnsupported,
  PaymentRequired,
  Errors.NotFound,
  Errors.OrderInProgress,
  Errors.WrongIdempotencyKey,
  Errors.TooFarAhead,
  Errors.Expired,
  Errors.HeaderTooLarge,
  Errors.TooManyAttempts,
  Errors.Internal,
  Errors.DeployFailed,
  Errors.PaymentPending,
  Errors.PaymentUnavailable,
  Errors.Busy,
  Errors.NotConfigured
] as const

/** The errors of a request with source. */
export const paidErrors = [
  Errors.InvalidRequest,
  Errors.MethodUnsupported,
  PaymentRequired,
  Errors.OrderInProgress,
  Errors.WrongIdempotencyKey,
  Errors.Expired,
  Errors.CodeTooLarge,
  Errors.UnsupportedMediaType,
  Errors.HeaderTooLarge,
  Errors.BundleFailed,
  Errors.TooManyAttempts,
  Errors.Internal,
  Errors.PaymentPending,
  Errors.PaymentUnavailable,
  Errors.Busy,
  Errors.NotConfigured
] as const
