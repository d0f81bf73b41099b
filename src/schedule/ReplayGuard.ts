import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** Records used one-time names: not in KV, which shows a write up to a minute late. */
export class ReplayGuard extends Context.Service<
  ReplayGuard,
  {
    /** Whether this name was not used before; from now on it was, until `until` (unix milliseconds). */
    readonly markUsed: (name: string, until: number) => Effect.Effect<boolean>
  }
>()("mpp-compute/schedule/ReplayGuard") {}
