import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** Records used one-time names. It does not use KV, which shows a write up to a minute late. */
export class ReplayGuard extends Context.Service<
  ReplayGuard,
  {
    /** Marks a name as used until `until` (unix milliseconds), and answers whether it was unused before. */
    readonly markUsed: (name: string, until: number) => Effect.Effect<boolean>
  }
>()("mpp-compute/schedule/ReplayGuard") {}
