import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Errors from "../../domain/Errors.ts"
import { Status } from "../../domain/Status.ts"
import {
  Deployment,
  deploymentId,
  Env,
  FileContent,
  Files,
  listErrors,
  paidErrors,
  provedErrors,
  renewErrors
} from "./common.ts"

const params = { deployment_id: deploymentId }

/** The body of an update: files or changes of them, secrets, or both. */
export const UpdateRequest = Schema.Struct({
  files: Schema.optionalKey(Files),
  changes: Schema.optionalKey(Schema.Record(Schema.String, Schema.NullOr(FileContent))).annotate({
    description: "Files to replace or to add, by path; null removes one. All other files stay as they were sent last.",
    examples: [{ "src/index.ts": "export default { fetch: () => new Response('newer') }", "old.ts": null }]
  }),
  env: Schema.optionalKey(Env)
})

/** The answer to a delete. */
export const Deleted = Schema.Struct({
  deployment_id: deploymentId,
  status: Schema.Literal("deleted").annotate({ description: "Nothing serves at its URL any more." })
}).annotate({ description: "The deployment is deleted." })

/** Reads the state of a deployment. */
export const deployment = HttpApiEndpoint.get("deployment", "/deployments/:deployment_id", {
  params,
  success: Status,
  error: [Errors.NotFound, Errors.Busy, Errors.NotConfigured]
}).annotateMerge(
  OpenApi.annotations({ description: "Answers the state of a deployment, and whether money has moved. Free." })
)

/** The answer to a list. */
export const DeploymentList = Schema.Struct({
  deployments: Schema.Array(Status).annotate({
    description: "Newest first, at most 100, each as its own GET answers it."
  }),
  next: Schema.NullOr(Schema.String).annotate({
    description: "Send it as ?before= for older ones; null: there are none."
  })
}).annotate({ description: "The deployments that this address has paid for." })

/** Lists the deployments of one payer. */
export const list = HttpApiEndpoint.get("list", "/deployments", {
  success: DeploymentList,
  error: listErrors
}).annotateMerge(
  OpenApi.annotations({
    description:
      "Lists the deployments of the address that is proved, ended ones for a week. Free; a proof is good for one page."
  })
)

/** Replaces code or secrets of a deployment. */
export const update = HttpApiEndpoint.put("update", "/deployments/:deployment_id", {
  params,
  payload: UpdateRequest,
  success: Deployment,
  error: [
    ...paidErrors,
    Errors.MissingFiles,
    Errors.DeployFailed,
    Errors.Forbidden,
    Errors.NotFound,
    Errors.PreconditionFailed
  ]
}).annotateMerge(
  OpenApi.annotations({
    description:
      "Replaces a deployment's code, single files of it, its secrets or both at the same URL, until the same expires_at. Secrets that are not sent stay. Free, for its payer."
  })
)

/** Ends a deployment before its time. `DELETE` is no name of a variable. */
export const remove = HttpApiEndpoint.delete("delete", "/deployments/:deployment_id", {
  params,
  success: Deleted,
  error: provedErrors
}).annotateMerge(
  OpenApi.annotations({
    description:
      "Deletes a deployment, its data and its secrets, at once and for good. Free, for its payer. A second delete succeeds again."
  })
)

/** The answer to a read of the source. */
export const SourceFiles = Schema.Struct({ files: Files }).annotate({
  description: "The files as they were sent last, with their changes, unless the host has refused them."
})

/** Gives the source back to its payer. */
export const files = HttpApiEndpoint.get("files", "/deployments/:deployment_id/files", {
  params,
  success: SourceFiles,
  error: provedErrors
}).annotateMerge(
  OpenApi.annotations({
    description: "Answers the source of a deployment, and its ETag for the If-Match of an update. Free, for its payer."
  })
)

/** Server-sent events of the log of a deployment. */
export const logs = HttpApiEndpoint.get("logs", "/deployments/:deployment_id/logs", {
  params,
  success: Schema.String.annotate({
    description:
      'Server-sent events. The data of one is JSON: {"type": "event", "ts", "outcome", "request": {"method", "url"} or null, "logs": [{"ts", "level", "message": […]}], "exceptions": [{"ts", "name", "message"}]}. Ignore other types. An event named end has the reason.'
  }).pipe(HttpApiSchema.asText({ contentType: "text/event-stream" })),
  error: provedErrors
}).annotateMerge(
  OpenApi.annotations({
    description:
      "Streams what the code of a deployment logs and throws, from now on, for at most an hour. Nothing is kept for later. Free, for its payer; a proof is good for one read."
  })
)

/** Makes the time of a deployment longer. */
export const renew = HttpApiEndpoint.post("renew", "/deployments/:deployment_id/renew", {
  params,
  success: Deployment,
  error: renewErrors
}).annotateMerge(
  OpenApi.annotations({
    description:
      "Takes the payment and makes expires_at later by the hours of a deploy. Anybody may pay. There is no body. One renewal is one order: repeating it with its key is free."
  })
)
