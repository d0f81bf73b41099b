import { randomBytes } from "node:crypto"
import * as Schema from "effect/Schema"
import { DiagnosticSchema } from "../../domain/Diagnostic.ts"
import { withSuffix } from "../../control-plane/slug.ts"
import { REPORTS_PATH, statusPath, timestamp } from "../../domain/Order.ts"
import type { Status } from "../../domain/Status.ts"
import { Hold, Renewed, Renews, Retag } from "./Hold.ts"
import { Takedown } from "../operator/Takedown.ts"
import { InDoubt, Update } from "../delivery/Update.ts"

/** The order's request to the host. The order saves it before it asks, to recognize a lost answer. */
export const Placement = Schema.Struct({
  slug: Schema.String,
  /** True once the order has, or may have, sent a create. From then on it looks the slug up before it creates again. */
  attempted: Schema.Boolean,
  projectId: Schema.NullOr(Schema.String),
  url: Schema.NullOr(Schema.String),
  /** The order saves this before it asks for the project's database. A missing field means that it has not asked. */
  database: Schema.optionalKey(
    Schema.Struct({
      /** When the order asked for it last, in unix milliseconds; null if the host has refused, or the database was there. */
      askedAt: Schema.NullOr(Schema.Number),
      /** Null until the host has shown the database. */
      id: Schema.NullOr(Schema.String)
    })
  )
})
/** The order's request to the host. */
export type Placement = typeof Placement.Type

/** A place at the host that the order has not asked for. */
export const newPlacement = (slug: string): Placement => ({
  slug: withSuffix(slug, randomBytes(8).toString("hex")),
  attempted: false,
  projectId: null,
  url: null
})

/** Why a purchase is not live yet, in plain words for its payer. */
export const Failure = Schema.Struct({
  fault: Schema.Literals(["service", "code"]),
  detail: Schema.String,
  /** Unix milliseconds. */
  at: Schema.Number,
  /** Since when every try to deliver this has failed, in unix milliseconds; only for failures after the payment. */
  since: Schema.optionalKey(Schema.Number)
})
/** Why a purchase is not live yet. */
export type Failure = typeof Failure.Type

const Answer = Schema.Union([
  Schema.Struct({
    url: Schema.String,
    deployment_id: Schema.String,
    expires_at: Schema.String,
    ttl_hours: Schema.Number
  }),
  Schema.Struct({ expires_at: Schema.String })
])
/** The URL of a deployment, or the time until which an execution's output is kept. The store keeps the output by itself. */
export type Answer = typeof Answer.Type

/**
 * One payment for one order, as the store keeps it. The order saves each state before the effect that the state announces.
 * An order that finds a purchase in a state, after a crash for instance, does the work under "goes on with".
 *
 * | state | money | what is known | goes on with | becomes |
 * |---|---|---|---|---|
 * | (none) | has not moved | nothing: an authorization that is lost with its process costs nothing | | `capturing` |
 * | `capturing` | only the chain knows | the signed bytes, their hash and their deadline; they may be in transit | reading the chain, never sending | `captured`, `failed` |
 * | `captured` | has moved | a site or a run is owed; `placement` is the request to the host | recognizing, creating, uploading; running | `delivered` |
 * | `delivered` | has moved | the site is live at the URL in `answer`, unless it is `gone` at the host; or the code has run, and its output is kept | its update, if there is one; its deletion, when it expires | `expired` |
 * | `expired` | has moved | the paid time is over, or the payer has deleted it, and the project or the output is gone | | |
 * | `failed` | will not move | the chain will never take the transaction; the key is released | | |
 */
export const PurchaseRow = Schema.Struct({
  /** The deployment id. It never changes; an execution's id appears in no answer. */
  id: Schema.String,
  operation: Schema.Literals(["deploy", "execute", "renew"]),
  key: Schema.String,
  challengeId: Schema.String,
  /** The payer's address in lower case. Only the payer may replace the code. */
  payer: Schema.String,
  state: Schema.Literals(["capturing", "captured", "delivered", "expired", "failed"]),
  authorization: Schema.Struct({
    reference: Schema.String,
    transaction: Schema.String,
    validBefore: Schema.Number,
    challengeId: Schema.String,
    /** The currency of the payment, for its receipt. A missing field means that it is not known. */
    currency: Schema.optionalKey(Schema.String)
  }),
  /** The slug that the client asked for, without any suffix; empty for an execution. */
  slug: Schema.String,
  placement: Schema.NullOr(Placement),
  /** The value of `Payment-Receipt`, from `captured` on. */
  receipt: Schema.NullOr(Schema.String),
  /** The URL of a deployment, or the time until which an execution's output is kept. The store keeps the output by itself. */
  answer: Schema.NullOr(Answer),
  /** Whether a caller has received `answer`. Until then the same order gets it without a key. */
  answered: Schema.Boolean,
  failure: Schema.NullOr(Failure),
  update: Schema.NullOr(Update),
  /** When the code last went live, in unix milliseconds. */
  updatedAt: Schema.NullOr(Schema.Number),
  /** How often the order has tried the step of the present state. The pauses grow with it. */
  attempts: Schema.Number,
  /** When the order looks at this purchase again, in unix milliseconds; null for never. */
  due: Schema.NullOr(Schema.Number),
  /** Unix milliseconds. */
  createdAt: Schema.Number,
  /** The compiler's warnings about the code that is live or being delivered. A missing field means none. */
  warnings: Schema.optionalKey(Schema.Array(DiagnosticSchema)),
  /** The versions of the packages in that code, by what was asked for. A missing field means no packages. */
  lock: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Uploads that may still land, including one in progress. A missing field means none. */
  inDoubt: Schema.optionalKey(Schema.Array(InDoubt)),
  /** True if the deployment was live and the host has lost its project. Nothing serves until the order places it anew. */
  gone: Schema.optionalKey(Schema.Boolean),
  /**
   * When its payer deleted the deployment, in unix milliseconds. It is final: nothing is delivered from then on, and the order
   * deletes the project until the host no longer shows it. A missing field means that nobody has.
   */
  deletedAt: Schema.optionalKey(Schema.Number),
  /**
   * The operator has taken the deployment down. It is final, and comes with `deletedAt` from `captured` on. The purchase of a
   * renewal has it if its deployment was gone when the money had moved. A missing field means neither.
   */
  takedown: Schema.optionalKey(Takedown),
  /** Dollars, as a decimal string. Purchases of earlier releases lack it. */
  price: Schema.optionalKey(Schema.String),
  /** True before the project is deleted because the time is over. It is final, also if a clock goes back: no renewal is taken. */
  ending: Schema.optionalKey(Schema.Boolean),
  /** Until when the create of an `expired` purchase may still land, in unix milliseconds. A missing field means that it cannot. */
  lateUntil: Schema.optionalKey(Schema.Number),
  /** When the code that is live answered at its URL, in unix milliseconds. Null or a missing field: nobody could ask, or nobody has. */
  verifiedAt: Schema.optionalKey(Schema.NullOr(Schema.Number)),
  /** Renewals of this deployment that are being paid. A missing field means none, as in the next three. */
  holds: Schema.optionalKey(Schema.Array(Hold)),
  /** Renewals that were paid. */
  renewals: Schema.optionalKey(Schema.Array(Renewed)),
  retag: Schema.optionalKey(Retag),
  /** The deployment that this purchase renews. */
  renews: Schema.optionalKey(Renews)
})
/** One payment for one order, as a row: every field that any state has. */
export type PurchaseRow = typeof PurchaseRow.Type

type InState<State extends PurchaseRow["state"], Receipt extends string | null, Answered extends Answer | null> = Omit<
  PurchaseRow,
  "state" | "receipt" | "answer"
> & { readonly state: State; readonly receipt: Receipt; readonly answer: Answered }

/** The order has, or may have, sent the payment, and the chain has not confirmed it. */
export type Capturing = InState<"capturing", null, null>
/** The money has moved, and the payer has nothing for it yet. */
export type Captured = InState<"captured", string, null>
/** The site is live, or the code was run. */
export type Delivered = InState<"delivered", string, Answer>
/**
 * The paid time is over, or the payer has deleted the deployment, and the project or the output is deleted. There is no answer
 * if the deployment was deleted before it was live.
 */
export type Expired = InState<"expired", string, Answer | null>
/** The chain will never take the payment. */
export type Failed = InState<"failed", null, null>

/** One payment for one order, by its state. `transitions.ts` has the ways from one state to the next. */
export type Purchase = Capturing | Captured | Delivered | Expired | Failed

/**
 * A purchase as the text in storage. Decoding checks only the fields, so that it reads rows of every earlier version. The
 * transitions ensure that a state has its receipt and its answer.
 */
export const PurchaseText = Schema.fromJsonString(
  PurchaseRow as unknown as Schema.Codec<Purchase, typeof PurchaseRow.Encoded>
)

/** The body itself does not build or start. Every purchase of the same order fails likewise until the service changes. */
export const BuildFailure = Schema.Struct({
  /** Unix milliseconds. */
  at: Schema.Number,
  detail: Schema.String,
  diagnostics: Schema.Array(DiagnosticSchema)
})
/** The body itself does not build or start. */
export type BuildFailure = typeof BuildFailure.Type

/** A build failure as the text that storage keeps. */
export const BuildFailureText = Schema.fromJsonString(BuildFailure)

/** Whether money has moved: true, false, or null while the chain has not confirmed it. */
export const charged = (state: Purchase["state"]): boolean | null => (state === "capturing" ? null : state !== "failed")

/** Where the payer can read the status; an execution has no such place. */
export const statusLinks = ({ id, operation, renews }: Purchase) =>
  operation === "execute"
    ? { deployment_id: null, status_url: null }
    : { deployment_id: renews?.id ?? id, status_url: statusPath(renews?.id ?? id) }

/** Whether a renewal of the deployment is being paid, so that nothing may end the deployment. */
export const isHeld = ({ holds = [] }: Purchase): boolean => holds.length > 0

/** Whether its payer has deleted the deployment, or the operator has taken it down. */
export const isDeleted = ({ deletedAt }: Purchase): boolean => deletedAt !== undefined

/** When the paid time is over, in unix milliseconds, as the answer says; null until the site is live. */
export const expiryOf = ({ answer }: Purchase): number | null =>
  answer === null ? null : Date.parse(answer.expires_at)

/**
 * When a deployment ended, or will end, as text: when its payer deleted it, or when the paid time is over. Null until the site
 * is live.
 */
export const endOf = ({ answer, deletedAt }: Purchase): string | null =>
  deletedAt === undefined ? (answer?.expires_at ?? null) : timestamp(deletedAt)

const undelivered = (failure: Failure | null): Status["status"] => (failure?.fault === "code" ? "failed" : "delivering")

/** The status that the payer, or anybody who knows the id, can read. */
export const statusOf = (purchase: Purchase): Status => {
  const {
    id,
    state,
    answer,
    failure,
    createdAt,
    updatedAt,
    verifiedAt = null,
    warnings,
    lock,
    gone = false,
    takedown
  } = purchase
  return {
    deployment_id: id,
    url: answer !== null && "url" in answer && !gone && !isDeleted(purchase) ? answer.url : null,
    status:
      isDeleted(purchase) || takedown !== undefined
        ? "deleted"
        : {
            capturing: "delivering" as const,
            captured: undelivered(failure),
            delivered: gone ? undelivered(failure) : ("live" as const),
            expired: "expired" as const,
            failed: "failed" as const
          }[state],
    created_at: timestamp(createdAt),
    updated_at: updatedAt === null ? null : timestamp(updatedAt),
    verified_at: verifiedAt === null ? null : timestamp(verifiedAt),
    expires_at: endOf(purchase),
    charged: charged(state),
    taken_down: takedown?.reason ?? null,
    report_url: REPORTS_PATH,
    last_failure: failure?.detail ?? null,
    warnings: warnings ?? [],
    lock: lock ?? {}
  }
}
