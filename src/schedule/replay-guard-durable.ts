import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ReplayGuard } from "./ReplayGuard.ts"
import type { ReplayGuardObject } from "./ReplayGuardObject.ts"

/** Keeps used names in one Durable Object, which is enough for a few calls an hour. */
export const layerReplayGuardDurable = (namespace: DurableObjectNamespace<ReplayGuardObject> | undefined) => {
  return Layer.succeed(ReplayGuard, {
    markUsed: (name, until) =>
      Effect.promise(async () => {
        if (namespace === undefined) throw new Error("the binding CLAIMS is missing")
        return namespace.get(namespace.idFromName("claims")).markUsed(name, until)
      })
  })
}
