import * as Schema from "effect/Schema"
import { DiagnosticSchema } from "./Diagnostic.ts"

/** The answer of `GET /deployments/{deployment_id}`. `expires_at`, `updated_at` and `url` are null until the site is live. */
export const Status = Schema.Struct({
  deployment_id: Schema.String.annotate({ description: "Id of the deployment." }),
  url: Schema.NullOr(Schema.String).annotate({ description: "Where the code is served; null until it is live." }),
  status: Schema.Literals(["delivering", "live", "failed", "expired", "deleted"]).annotate({
    description: "Its state."
  }),
  created_at: Schema.String.annotate({ description: "When it was paid for: UTC." }),
  updated_at: Schema.NullOr(Schema.String).annotate({ description: "When its code went live last: UTC." }),
  verified_at: Schema.NullOr(Schema.String).annotate({
    description: "When its code answered at the URL, whatever it answered: UTC; null if the site could not be asked."
  }),
  expires_at: Schema.NullOr(Schema.String).annotate({ description: "When it is, or was, deleted: UTC." }),
  charged: Schema.NullOr(Schema.Boolean).annotate({
    description: "Whether money moved; null while the chain has not confirmed it."
  }),
  taken_down: Schema.NullOr(Schema.String).annotate({
    description: "Why the operator of the service has ended it; null if that has not happened."
  }),
  report_url: Schema.String.annotate({ description: "POST here to report it to the operator." }),
  last_failure: Schema.NullOr(Schema.String).annotate({
    description: "The last failure, in plain words; null for none."
  }),
  warnings: Schema.Array(DiagnosticSchema).annotate({
    description: "Warnings about that code, at most 20."
  }),
  lock: Schema.Record(Schema.String, Schema.String).annotate({
    description: "The npm packages in that code, by what was asked for. A file mpp.lock.json with it repeats them."
  })
}).annotate({ identifier: "Status", description: "The deployment as it is now." })
/** The answer of `GET /deployments/{deployment_id}`. */
export type Status = typeof Status.Type

/** Whether the deployment is over, or was never charged. Nothing serves at its URL any more. */
export const isEnded = ({ status, charged }: Pick<Status, "status" | "charged">): boolean =>
  status === "expired" || status === "deleted" || charged === false

/** A deployment as its order tells it to the payer's object, each time its status changes. Plain data, because it crosses objects. */
export interface Notice {
  /** The deployment's id. */
  readonly id: string
  /** The payer's address, in lower case. */
  readonly payer: string
  /** Counts the changes of this deployment from 1, so that an older notice never replaces a newer one. */
  readonly seq: number
  /** When the purchase was made, in unix milliseconds. */
  readonly createdAt: number
  readonly status: Status
}
