import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Once } from "./ReplayGuardObject.ts"

/** Records used one-time names: not in KV, which shows a write up to a minute late. */
export class Claims extends Context.Service<
  Claims,
  {
    /** Whether this name was not used before; from now on it was, until `until` (unix milliseconds). */
    readonly claim: (name: string, until: number) => Effect.Effect<boolean>
  }
>()("mpp-compute/expiry/Claims") {
  /** In one Durable Object: what is claimed here is claimed a few times an hour. */
  static layerDurable(namespace: DurableObjectNamespace<Once> | undefined) {
    return Layer.succeed(Claims, {
      claim: (name, until) =>
        Effect.promise(async () => {
          if (namespace === undefined) throw new Error("the binding CLAIMS is missing")
          return namespace.get(namespace.idFromName("claims")).claim(name, until)
        })
    })
  }

  /** In memory, for tests: gone with the process. */
  static readonly layerMemory = Layer.sync(Claims, () => {
    const claimed = new Set<string>()
    return { claim: (name) => Effect.sync(() => !claimed.has(name) && claimed.add(name) !== undefined) }
  })
}
