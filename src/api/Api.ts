import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Errors from "../domain/Errors.ts"
import { Status } from "../orders/operations.ts"
import { MAX_NAME_LENGTH } from "./request/decode-deploy.ts"
import { MAX_SECRET_BYTES, MAX_SECRETS } from "./request/project/env.ts"

/** A text field with its description. */
const described = (description: string) => Schema.String.annotate({ description })

const deploymentId = described("Id of the deployment, dep_…")
const deploymentUrl = described("Where the code is served.")
const expiresAt = described("When the deployment is deleted: UTC, 2026-03-27T21:00:00Z.")
const configured = Schema.Boolean.annotate({ description: "Whether paid endpoints are available." })

/** The content of a file. */
const FileContent = Schema.Union([
  Schema.String,
  Schema.Struct({ base64: described("Bytes: padded base64 without line breaks.") })
])

/** The files of a body. */
const Files = Schema.Record(Schema.String, FileContent).annotate({
  identifier: "Files",
  description:
    "Files by path: text, or bytes. The entrypoint is main of wrangler.jsonc, package.json's exports or main, or src/index.ts and the like.",
  examples: [{ "src/index.ts": "export default { fetch: () => Response.json({ hello: 'world' }) }" }]
})

/** The secrets of a body. Answers never have them. */
const Env = Schema.Record(Schema.String, Schema.String).annotate({
  identifier: "Env",
  description: `Secrets: env.NAME in the code. At most ${MAX_SECRETS}, of ${MAX_SECRET_BYTES} bytes each. Kept encrypted until the deployment ends.`
})

/** The body of a deploy. Paths are relative; sources have 512,000 bytes of UTF-8 in all. */
export const DeployRequest = Schema.Struct({
  files: Files,
  env: Schema.optionalKey(Env),
  name: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_NAME_LENGTH))).annotate({
    description: "Becomes part of the URL. At most 100 characters."
  })
})

/** The body of an update: files, secrets, or both. */
export const UpdateRequest = Schema.Struct({ files: Schema.optionalKey(Files), env: Schema.optionalKey(Env) })

/** The answer to a deploy. The header `Payment-Receipt` carries the receipt. */
export const Deployment = Schema.Struct({
  url: deploymentUrl,
  deployment_id: deploymentId,
  expires_at: expiresAt,
  ttl_hours: Schema.Finite.annotate({ description: "Hours from going live to expires_at." })
}).annotate({ description: "The code is live." })

/** The body of an execution. */
export const ExecuteRequest = Schema.Struct({
  code: Schema.String.annotate({
    description:
      "A module, TypeScript or JavaScript, at most 512,000 bytes of UTF-8: it exports run(input), sync or async, or a default function.",
    examples: ["export function run(input) { return { sum: input.a + input.b } }"]
  }),
  // `describe-fields.ts` describes fields of unknown type, because they lose their annotations on the way to JSON.
  input: Schema.optionalKey(Schema.Unknown)
})

/** The answer to an execution: a result, or the error. The header `Payment-Receipt` carries the receipt. */
export const Execution = Schema.Struct({
  result: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(
    Schema.Struct({
      name: described("The error's name."),
      message: described("The error's message."),
      stack: Schema.optionalKey(Schema.String).annotate({ description: "Where it was thrown." })
    })
  ).annotate({ description: "What the code threw, or the limit that it exceeded. There is no result then." }),
  duration_ms: Schema.Finite.annotate({ description: "From the call to its end, in milliseconds." }),
  limits: Schema.Struct({
    cpu_ms_limit: Schema.Finite.annotate({ description: "CPU time, in milliseconds." })
  }).annotate({ description: "What one run may take." })
}).annotate({ description: "The code was run." })

/** The answer of `/health`. `missing` lists names of settings, never values. */
export const Health = Schema.Struct({
  status: Schema.Literals(["ok", "not_configured"]).annotate({ description: "The same as configured, in a word." }),
  configured,
  missing: Schema.Array(Schema.String).annotate({ description: "Names of missing settings and bindings." }),
  start_check: Schema.Boolean.annotate({ description: "Whether code is started before its payer is charged." }),
  host: Schema.optionalKey(
    Schema.Struct({
      status: Schema.Literals(["unavailable", "unusable"]).annotate({
        description:
          "unavailable: no answer, or it refuses the service's token. unusable: sites of this account cannot be reached until the operator fixes it."
      }),
      detail: described("What was wrong."),
      asked_at: described("When a deploy asked the host: UTC.")
    })
  ).annotate({
    description:
      "What was wrong with the host when a deploy asked it last, as far as this instance knows. Absent if nothing was. No deploy is charged meanwhile."
  })
}).annotate({ description: "The state of the service." })

/** The answer of `/` to programs. */
export const About = Schema.Struct({
  name: described("The service's name."),
  description: described("What it sells, in a sentence."),
  configured,
  price: Schema.Struct({
    deploy: described("Of a deploy, in dollars."),
    execute: Schema.optionalKey(Schema.String).annotate({ description: "Of a run, in dollars." }),
    currency: described("The token's name or address."),
    network: described("The chain.")
  }).annotate({ description: "What it costs." }),
  offers: Schema.Array(Schema.Record(Schema.String, Schema.String)).annotate({
    description: "Ways to pay for a deploy."
  }),
  links: Schema.Record(Schema.String, Schema.String).annotate({ description: "Paths of the endpoints." })
}).annotate({ description: "The service, its price and its endpoints." })

const PaymentRequired = Errors.PaymentRequired.pipe(HttpApiSchema.asJson({ contentType: "application/problem+json" }))

const paidErrors = [
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

const deploy = HttpApiEndpoint.post("deploy", "/deploy", {
  payload: DeployRequest,
  success: Deployment,
  error: [...paidErrors, Errors.MissingFiles, Errors.DeployFailed, Errors.HostUnavailable]
}).annotateMerge(OpenApi.annotations({ description: "Bundles the files, takes the payment and answers a live URL." }))

const execute = HttpApiEndpoint.post("execute", "/execute", {
  payload: ExecuteRequest,
  success: Execution,
  error: [...paidErrors, Errors.ExecuteFailed]
}).annotateMerge(OpenApi.annotations({ description: "Takes the payment, runs the code once and answers its result." }))

const deployment = HttpApiEndpoint.get("deployment", "/deployments/:deployment_id", {
  params: { deployment_id: deploymentId },
  success: Status,
  error: [Errors.NotFound, Errors.Busy, Errors.NotConfigured]
}).annotateMerge(
  OpenApi.annotations({ description: "Answers the state of a deployment, and whether money has moved. Free." })
)

const update = HttpApiEndpoint.put("update", "/deployments/:deployment_id", {
  params: { deployment_id: deploymentId },
  payload: UpdateRequest,
  success: Deployment,
  error: [...paidErrors, Errors.MissingFiles, Errors.DeployFailed, Errors.Forbidden, Errors.NotFound]
}).annotateMerge(
  OpenApi.annotations({
    description:
      "Replaces a deployment's code, its secrets or both at the same URL, until the same expires_at. Secrets that are not sent stay. Free, for its payer."
  })
)

const health = HttpApiEndpoint.get("health", "/health", { success: Health }).annotateMerge(
  OpenApi.annotations({ description: "Answers whether the service is configured and its host can deliver." })
)

const about = HttpApiEndpoint.get("about", "/", { success: About }).annotateMerge(
  OpenApi.annotations({ description: "Describes the service: JSON for programs, a page for browsers." })
)

/** The wire format: every endpoint, its request and every answer. It does not depend on how they are served. */
export class Api extends HttpApi.make("mpp-compute")
  .add(HttpApiGroup.make("gateway", { topLevel: true }).add(deploy, execute, deployment, update, health, about))
  .annotateMerge(OpenApi.annotations({ title: "mpp-compute", version: "0.1.0" })) {}
