import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Errors from "../domain/Errors.ts"
import { Status } from "../orders/rpc.ts"
import { MAX_NAME_LENGTH } from "./request/decode-deploy.ts"

/** A deploy takes this. Paths are relative; sources are text, 512,000 bytes of UTF-8 in all. */
export const DeployRequest = Schema.Struct({
  files: Schema.Record(Schema.String, Schema.String).annotate({
    description:
      "Source files by path. The entrypoint is package.json's exports or main, or src/index.ts, index.ts and the like.",
    examples: [{ "src/index.ts": "export default { fetch: () => Response.json({ hello: 'world' }) }" }]
  }),
  name: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_NAME_LENGTH))).annotate({
    description: "Becomes a part of the URL. At most 100 characters."
  })
})

/** An update takes this: a deploy without a name. */
export const UpdateRequest = Schema.Struct({ files: DeployRequest.fields.files })

/** A deploy answers this, beside the receipt in `Payment-Receipt`. */
export const Deployment = Schema.Struct({
  url: Schema.String,
  deployment_id: Schema.String,
  expires_at: Schema.String,
  ttl_hours: Schema.Finite
})

/** An execution takes this. */
export const ExecuteRequest = Schema.Struct({
  code: Schema.String.annotate({
    description:
      "A module, TypeScript or JavaScript, at most 512,000 bytes of UTF-8: it exports run(input), sync or async, or a default function.",
    examples: ["export function run(input) { return { sum: input.a + input.b } }"]
  }),
  input: Schema.optionalKey(Schema.Unknown).annotate({ description: "Any JSON value: what run is called with." })
})

/** An execution answers this, beside the receipt in `Payment-Receipt`: a result, or why there is none. */
export const Execution = Schema.Struct({
  result: Schema.optionalKey(Schema.Unknown).annotate({
    description: "What run returned: any JSON value, up to 1 MiB."
  }),
  error: Schema.optionalKey(
    Schema.Struct({ name: Schema.String, message: Schema.String, stack: Schema.optionalKey(Schema.String) })
  ).annotate({ description: "What the code threw, or which limit it met; there is no result then." }),
  /** From the call to its end, in milliseconds. */
  duration_ms: Schema.Finite,
  /** One run may take this. */
  limits: Schema.Struct({ cpu_ms_limit: Schema.Finite })
})

/** Whether the service can be used. `missing` names settings, never values. */
export const Health = Schema.Struct({
  status: Schema.Literals(["ok", "not_configured"]),
  configured: Schema.Boolean,
  missing: Schema.Array(Schema.String),
  /** Whether bundles are started before anybody is charged. */
  start_check: Schema.Boolean,
  host: Schema.optionalKey(
    Schema.Struct({
      status: Schema.Literals(["unavailable", "unusable"]).annotate({
        description:
          "unavailable: no answer, or none that takes our token. unusable: sites of this account could not be reached; its operator has to mend it."
      }),
      detail: Schema.String,
      asked_at: Schema.String
    })
  ).annotate({
    description:
      "What was wrong with the host when a deploy asked it last, as far as this instance knows; absent where nothing was. No deploy is charged meanwhile."
  })
})

/** Programs that open the service's root get this. */
export const About = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  configured: Schema.Boolean,
  /** In dollars, the token's name or address, and the chain. */
  price: Schema.Struct({
    deploy: Schema.String,
    execute: Schema.optionalKey(Schema.String),
    currency: Schema.String,
    network: Schema.String
  }),
  offers: Schema.Array(Schema.Record(Schema.String, Schema.String)),
  links: Schema.Record(Schema.String, Schema.String)
})

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
  params: { deployment_id: Schema.String },
  success: Status,
  error: [Errors.NotFound, Errors.Busy, Errors.NotConfigured]
})

const update = HttpApiEndpoint.put("update", "/deployments/:deployment_id", {
  params: { deployment_id: Schema.String },
  payload: UpdateRequest,
  success: Deployment,
  error: [...paidErrors, Errors.MissingFiles, Errors.DeployFailed, Errors.Forbidden, Errors.NotFound]
}).annotateMerge(
  OpenApi.annotations({
    description: "Puts newer code at a deployment's URL until the same hour. Free, for whoever paid for the deployment."
  })
)

const health = HttpApiEndpoint.get("health", "/health", { success: Health })

const about = HttpApiEndpoint.get("about", "/", { success: About })

/** The wire: every endpoint, what it takes and every answer it gives. Knows nothing of how they are served. */
export class Api extends HttpApi.make("mpp-compute")
  .add(HttpApiGroup.make("gateway", { topLevel: true }).add(deploy, execute, deployment, update, health, about))
  .annotateMerge(OpenApi.annotations({ title: "mpp-compute", version: "0.1.0" })) {}
