import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A deployment that is live. */
export const LiveRow = Schema.Struct({
  deployment_id: Schema.String,
  url: Schema.String,
  /** The payer's address, in lower case. */
  payer: Schema.String,
  /** When it was paid for, in unix milliseconds. */
  created_at: Schema.Number,
  /** When it ends, in unix milliseconds. */
  expires_at: Schema.Number
})
/** A deployment that is live. */
export type LiveRow = typeof LiveRow.Type

const Sold = {
  /** The purchase: a deployment's id, or the id of a renewal or of a run, which appears in no answer. */
  id: Schema.String,
  operation: Schema.Literals(["deploy", "execute", "renew"]),
  payer: Schema.String,
  /** Dollars, as a decimal string: `0.10`. Null for a purchase of an earlier release, which did not save it. */
  amount: Schema.NullOr(Schema.String),
  /** The token's address. */
  token: Schema.NullOr(Schema.String),
  /** The payment. On Tempo: the transaction's hash. */
  reference: Schema.String,
  /** Unix milliseconds. */
  at: Schema.Number
}

/** A payment that the chain has taken. `at` is when the purchase was made. */
export const SaleRow = Schema.Struct(Sold)
/** A payment that the chain has taken. */
export type SaleRow = typeof SaleRow.Type

/** A payment that its payer has nothing for, at present or for good. */
export const OwedRow = Schema.Struct({
  ...Sold,
  /** The deployment that was bought or renewed; null for a run. */
  deployment_id: Schema.NullOr(Schema.String),
  /**
   * - `retrying`: the service tries again by itself.
   * - `waiting`: the host refuses the code, or the service has tried for 7 days. Its payer continues it.
   * - `refund`: the deployment was taken down or is gone. Only the operator can make it good, by hand.
   */
  state: Schema.Literals(["retrying", "waiting", "refund"]),
  /** The reason, in plain words. */
  why: Schema.String
})
/** A payment that its payer has nothing for. */
export type OwedRow = typeof OwedRow.Type

/** The most reports that are kept about one deployment, so that nobody fills the store. */
export const MAX_REPORTS = 10

/** A complaint about a deployment. */
export const ReportRow = Schema.Struct({
  deployment_id: Schema.String,
  /** Its number among those of its deployment, from 0. Earlier releases called it `place`. */
  slot: Schema.Number,
  /** How many reports were replaced in this slot, at least: of two within a minute one may be lost. */
  dropped: Schema.Number.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  /** The same for all reports of one reporter about this deployment; null if the reporter is not known. */
  from: Schema.NullOr(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  reason: Schema.String,
  /** How to reach the reporter; null if they do not say. */
  contact: Schema.NullOr(Schema.String),
  /** Unix milliseconds. */
  at: Schema.Number
})
/** A complaint about a deployment. */
export type ReportRow = typeof ReportRow.Type

/** Returns a row under the names of this release: a report of an earlier one has `place` for `slot`. */
export const renamed = (row: unknown): unknown => {
  if (typeof row !== "object" || row === null || !("place" in row)) return row
  const { place, ...rest } = row
  return { slot: place, ...rest }
}

/** The kinds of rows, each with its schema. */
export const ROWS = { live: LiveRow, sale: SaleRow, owed: OwedRow, report: ReportRow }

/** Every kind of row, by its name. */
export interface Rows {
  readonly live: LiveRow
  readonly sale: SaleRow
  readonly owed: OwedRow
  readonly report: ReportRow
}

/** A kind of row. */
export type Kind = keyof Rows

/** The parts of a row that name its key. */
export interface Named {
  readonly live: Pick<LiveRow, "created_at" | "deployment_id">
  readonly sale: Pick<SaleRow, "at" | "id">
  readonly owed: Pick<OwedRow, "id">
  readonly report: Pick<ReportRow, "deployment_id" | "slot">
}

/** Keys of live deployments begin with this minus their time, so that KV lists the newest first. In unix milliseconds. */
const LAST_MOMENT = 9_999_999_999_999

/** The day of a time, in UTC: `2026-11-29`. */
export const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

const KEYS: { readonly [K in Kind]: (row: Named[K]) => string } = {
  live: ({ created_at, deployment_id }) => `live:${LAST_MOMENT - created_at}:${deployment_id}`,
  sale: ({ at, id }) => `sale:${dayOf(at)}:${id}`,
  owed: ({ id }) => `owed:${id}`,
  report: ({ deployment_id, slot }) => `report:${deployment_id}:${slot}`
}

/** Returns the key of a row. */
export const keyOf = <K extends Kind>(kind: K, row: Named[K]): string => KEYS[kind](row)

/** KV's shortest time to live, in seconds. */
const MIN_TTL_SECONDS = 60

const DAY_SECONDS = 86_400

/** How long each kind of row is kept, in seconds. `now` in unix milliseconds. */
export const TTL_SECONDS: { readonly [K in Kind]: (row: Rows[K], now: number) => number } = {
  live: ({ expires_at }, now) => Math.max(MIN_TTL_SECONDS, Math.ceil((expires_at - now) / 1000)),
  sale: () => 400 * DAY_SECONDS,
  owed: () => 400 * DAY_SECONDS,
  report: () => 90 * DAY_SECONDS
}
