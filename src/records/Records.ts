import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Kind, Named, Rows } from "./rows.ts"

/** The records could not be read or written. */
export class RecordsUnavailable extends Schema.TaggedError<RecordsUnavailable>()("RecordsUnavailable", {
  message: Schema.String
}) {}

/** The cursor was not given by a page before. */
export class InvalidCursor extends Schema.TaggedError<InvalidCursor>()("InvalidCursor", {
  message: Schema.String
}) {}

/** Part of a list. */
export interface Page<A> {
  readonly rows: ReadonlyArray<A>
  /** Where the list goes on; null at its end. */
  readonly cursor: string | null
}

/** Which rows to list. */
export interface Listing {
  /** The start of their keys after the kind, `2026-11-29:` for the sales of a day; all of the kind without it. */
  readonly prefix?: string
  /** The `cursor` of the page before. */
  readonly cursor?: string
  /** At most 1,000. */
  readonly limit: number
}

/**
 * Records for the operator: what is live, what was sold, what is owed, and what was reported. No decision of the gateway reads
 * them, because they are written at best, shown up to a minute late, and dropped after a time. Rows are single entries and never
 * counters, because two writers of a counter lose one of their changes.
 */
export class Records extends Context.Service<
  Records,
  {
    /** Writes or overwrites a row. */
    readonly put: <K extends Kind>(kind: K, row: Rows[K]) => Effect.Effect<void, RecordsUnavailable>
    /** Succeeds also without such a row. */
    readonly remove: <K extends Kind>(kind: K, row: Named[K]) => Effect.Effect<void, RecordsUnavailable>
    /** Lists rows by their keys: live deployments with the newest first. Long texts are cut. */
    readonly list: <K extends Kind>(
      kind: K,
      listing: Listing
    ) => Effect.Effect<Page<Rows[K]>, InvalidCursor | RecordsUnavailable>
    /** Reads a row in full. */
    readonly get: <K extends Kind>(kind: K, row: Named[K]) => Effect.Effect<Option.Option<Rows[K]>, RecordsUnavailable>
    /** The deployment that serves at this host name (`user-slug.runjack.xyz`), while it is live. */
    readonly findSite: (host: string) => Effect.Effect<Option.Option<string>, RecordsUnavailable>
  }
>()("mpp-compute/records/Records") {}
