import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The store could not be read or written. */
export class IdStoreUnavailable extends Schema.TaggedError<IdStoreUnavailable>()("IdStoreUnavailable", {
  message: Schema.String
}) {}

/** Ids of earlier releases, which have no check, as they were found at the host. */
export const EarlierIds = Schema.Struct({
  /** When the host was asked last, in unix milliseconds. */
  at: Schema.Number,
  ids: Schema.Array(Schema.String)
})
/** Ids of earlier releases, as they were found at the host. */
export type EarlierIds = typeof EarlierIds.Type

/**
 * The gateway needs these to recognize ids whose check today's key cannot verify: the keys before it, and the ids that
 * have no check. It asks nothing here about an id whose check holds.
 */
export class IdStore extends Context.Service<
  IdStore,
  {
    /** Every key (see `idKey`) that ids were made with; one that was added lately may lack for a minute. */
    readonly keys: Effect.Effect<ReadonlyArray<string>, IdStoreUnavailable>
    /** Adds a key; adding it again changes nothing. */
    readonly addKey: (key: string) => Effect.Effect<void, IdStoreUnavailable>
    readonly earlier: Effect.Effect<Option.Option<EarlierIds>, IdStoreUnavailable>
    readonly putEarlier: (found: EarlierIds) => Effect.Effect<void, IdStoreUnavailable>
  }
>()("mpp-compute/ids/IdStore") {}
