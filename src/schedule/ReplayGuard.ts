import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ReplayGuardObject } from "./ReplayGuardObject.ts"

/** Records used one-time names: not in KV, which shows a write up to a minute late. */
export class ReplayGuard extends Context.Service<
  ReplayGuard,
  {
    /** Whether this name was not used before; from now on it was, until `until` (unix milliseconds). */
    readonly markUsed: (name: string, until: number) => Effect.Effect<boolean>
  }
>()("mpp-compute/schedule/ReplayGuard") {
  /** In one Durable Object: what is claimed here is claimed a few times an hour. */
  static layerDurable(namespace: DurableObjectNamespace<ReplayGuardObject> | undefined) {
    return Layer.succeed(ReplayGuard, {
      markUsed: (name, until) =>
        Effect.promise(async () => {
          if (namespace === undefined) throw new Error("the binding CLAIMS is missing")
          return namespace.get(namespace.idFromName("claims")).markUsed(name, until)
        })
    })
  }

  /** In memory, for tests: gone with the process. */
  static readonly layerMemory = Layer.sync(ReplayGuard, () => {
    const claimed = new Set<string>()
    return { markUsed: (name) => Effect.sync(() => !claimed.has(name) && claimed.add(name) !== undefined) }
  })
}
