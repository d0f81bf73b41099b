import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** Keeps where the last sweep stopped. Without it each sweep begins at the same place, and forgets nothing. */
export class SweepCursor extends Context.Service<
  SweepCursor,
  {
    /** The last saved place; empty for the beginning, also if it cannot be read. */
    readonly read: Effect.Effect<string>
    /** Saves a place, or logs that it could not. */
    readonly save: (place: string) => Effect.Effect<void>
  }
>()("mpp-compute/schedule/SweepCursor") {}
