import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type EarlierIds, IdStore } from "./IdStore.ts"

/** Keeps the ids in memory, for tests. */
export const layerIdStoreMemory = Layer.sync(IdStore, () => {
  const keys = new Set<string>()
  let earlier = Option.none<EarlierIds>()
  return {
    keys: Effect.sync(() => [...keys]),
    addKey: (key) => Effect.sync(() => void keys.add(key)),
    earlier: Effect.sync(() => earlier),
    putEarlier: (found) => Effect.sync(() => void (earlier = Option.some(found)))
  }
})
