import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** A live deployment and its expiry. */
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
 * The index of live projects, under `deploy:{project_id}`, for people and other programs. No decision of the gateway reads it,
 * because KV shows a change up to 60 s late, accepts one write a second for a key, and deletes entries by itself.
 */
export class ExpiryStore extends Context.Service<
  ExpiryStore,
  {
    /** Writes or overwrites the project's entry. KV deletes it when the deployment expires, but not before 60 s have passed. */
    put(record: ExpiryRecord): Effect.Effect<void, ExpiryStoreUnavailable>
    get(projectId: string): Effect.Effect<Option.Option<ExpiryRecord>, ExpiryStoreUnavailable>
    /** Succeeds also without an entry. */
    remove(projectId: string): Effect.Effect<void, ExpiryStoreUnavailable>
  }
>()("mpp-compute/expiry/ExpiryStore") {}
