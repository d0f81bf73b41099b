import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Errors from "../domain/Errors.ts"
import { Deployment, described, Env, Files, paidErrors } from "./definition/common.ts"
import { deployment, files, list, logs, remove, renew, update } from "./definition/deployments.ts"
import { report } from "./definition/reports.ts"
import { MAX_NAME_LENGTH } from "./request/decode-deploy.ts"

const configured = Schema.Boolean.annotate({ description: "Whether paid endpoints are available." })

/** The body of a deploy. Paths are relative; sources have 512,000 bytes of UTF-8 in all. */
export const DeployRequest = Schema.Struct({
  files: Files,
  env: Schema.optionalKey(Env),
  name: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_NAME_LENGTH))).annotate({
    description: "Becomes part of the URL. At most 100 characters."
  })
})

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
  resources: Schema.Array(Schema.String).annotate({
    description: "What a project may ask for."
  }),
  asset_limit_bytes: Schema.optionalKey(Schema.Finite).annotate({
    description: "The most static files, in bytes."
  }),
  untaken_currencies: Schema.optionalKey(Schema.Array(Schema.String)).annotate({
    description: "Tokens of the settings that cannot be paid in: they lack 6 decimals."
  }),
  host: Schema.optionalKey(
    Schema.Struct({
      status: Schema.Literals(["unavailable", "unusable"]).annotate({
        description:
          "unavailable: no answer, or it refuses the service's token. unusable: the operator has to fix its account."
      }),
      detail: described("What was wrong."),
      asked_at: described("When a deploy asked the host: UTC.")
    })
  ).annotate({
    description:
      "What was wrong with the host when a deploy asked it last; absent if nothing was. No deploy is charged meanwhile."
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
    currency: described("The tokens' names or addresses."),
    network: described("The chain.")
  }).annotate({ description: "What it costs." }),
  offers: Schema.Array(Schema.Record(Schema.String, Schema.String)).annotate({
    description: "Ways to pay for a deploy."
  }),
  links: Schema.Record(Schema.String, Schema.String).annotate({ description: "Paths of the endpoints." })
}).annotate({ description: "The service, its price and its endpoints." })

const deploy = HttpApiEndpoint.post("deploy", "/deploy", {
  payload: DeployRequest,
  success: Deployment,
  error: [
    ...paidErrors,
    ...Errors.saleErrors,
    Errors.TooManyDeployments,
    Errors.MissingFiles,
    Errors.DeployFailed,
    Errors.HostUnavailable
  ]
}).annotateMerge(OpenApi.annotations({ description: "Bundles the files, takes the payment and answers a live URL." }))

const execute = HttpApiEndpoint.post("execute", "/execute", {
  payload: ExecuteRequest,
  success: Execution,
  error: [...paidErrors, ...Errors.saleErrors, Errors.ExecuteFailed]
}).annotateMerge(OpenApi.annotations({ description: "Takes the payment, runs the code once and answers its result." }))

const health = HttpApiEndpoint.get("health", "/health", { success: Health }).annotateMerge(
  OpenApi.annotations({ description: "Answers whether the service is configured and its host can deliver." })
)

const about = HttpApiEndpoint.get("about", "/", { success: About }).annotateMerge(
  OpenApi.annotations({ description: "Describes the service: JSON for programs, a page for browsers." })
)

/** The wire format: every endpoint, its request and every answer. It does not depend on how they are served. */
export class Api extends HttpApi.make("mpp-compute")
  .add(
    HttpApiGroup.make("gateway", { topLevel: true }).add(
      deploy,
      execute,
      list,
      deployment,
      update,
      remove,
      files,
      logs,
      renew,
      report,
      health,
      about
    )
  )
  .annotateMerge(OpenApi.annotations({ title: "mpp-compute", version: "0.1.0" })) {}
