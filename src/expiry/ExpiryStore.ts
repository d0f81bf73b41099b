import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** One deployment that is live, and until when. */
export const ExpiryRecord = Schema.Struct({
  projectId: Schema.String,
  deploymentId: Schema.String,
  url: Schema.String,
  /** Unix seconds. */
  expiresAt: Schema.Int
})
/** A decoded entry of the index. */
export type ExpiryRecord = typeof ExpiryRecord.Type

/** The index could not be read or written. */
export class ExpiryStoreUnavailable extends Schema.TaggedError<ExpiryStoreUnavailable>()("ExpiryStoreUnavailable", {
  message: Schema.String
}) {}

/**
 * Which projects are live, under `deploy:{project_id}`, for people and other programs to look at. No decision reads it:
 * KV shows a change up to 60 s late, takes one write a second for a key, and forgets by itself.
 */
export class ExpiryStore extends Context.Service<
  ExpiryStore,
  {
    /** Writes or overwrites the project's entry. It vanishes when the deployment expires, but not within 60 s. */
    put(record: ExpiryRecord): Effect.Effect<void, ExpiryStoreUnavailable>
    get(projectId: string): Effect.Effect<Option.Option<ExpiryRecord>, ExpiryStoreUnavailable>
    /** Nothing to remove is a success. */
    remove(projectId: string): Effect.Effect<void, ExpiryStoreUnavailable>
  }
>()("mpp-compute/expiry/ExpiryStore") {}
