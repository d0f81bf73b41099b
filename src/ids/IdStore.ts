import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The store could not be read or written. */
export class IdStoreUnavailable extends Schema.TaggedError<IdStoreUnavailable>()("IdStoreUnavailable", {
  message: Schema.String
}) {}

/** Ids of earlier releases, which have no check, as read from the host. */
export const EarlierIds = Schema.Struct({
  /** The time of the last read from the host, in unix milliseconds. */
  at: Schema.Number,
  ids: Schema.Array(Schema.String)
})
/** Ids of earlier releases, as read from the host. */
export type EarlierIds = typeof EarlierIds.Type

/**
 * Stores the earlier keys and the ids without a check. The gateway needs them for ids whose check the current key does not
 * verify. It reads nothing here for an id with a valid check.
 */
export class IdStore extends Context.Service<
  IdStore,
  {
    /** Every key (see `idKey`) that ids were made with. A new key may be missing for a minute. */
    readonly keys: Effect.Effect<ReadonlyArray<string>, IdStoreUnavailable>
    /** Adds a key. Adding it again changes nothing. */
    readonly addKey: (key: string) => Effect.Effect<void, IdStoreUnavailable>
    readonly earlier: Effect.Effect<Option.Option<EarlierIds>, IdStoreUnavailable>
    readonly putEarlier: (found: EarlierIds) => Effect.Effect<void, IdStoreUnavailable>
  }
>()("mpp-compute/ids/IdStore") {}
