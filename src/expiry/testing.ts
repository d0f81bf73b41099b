import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ExpiryRecord, ExpiryStore, ExpiryStoreUnavailable } from "./ExpiryStore.ts"
import { keyOf, ttlSeconds } from "./kv.ts"

/** The entries of `layerExpiryStoreMemory`, by key; `goneAt` in unix milliseconds. */
export class ExpiryMemory {
  readonly entries = new Map<string, { readonly record: ExpiryRecord; readonly goneAt: number }>()
  /** While `false`, every call fails. */
  available = true
}

/** Keeps the index in memory. A test reads it and makes it unavailable. */
export const layerExpiryStoreMemory = (memory: ExpiryMemory = new ExpiryMemory()) => {
  const whenUp = Effect.suspend(() =>
    memory.available ? Clock.currentTimeMillis : Effect.fail(new ExpiryStoreUnavailable({ message: "scripted" }))
  )
  return Layer.succeed(ExpiryStore, {
    put: (record) =>
      Effect.map(whenUp, (now) => {
        const goneAt = now + ttlSeconds(record, now) * 1000
        memory.entries.set(keyOf(record.projectId), { record, goneAt })
      }),
    get: (projectId) =>
      Effect.map(whenUp, (now) =>
        Option.fromUndefinedOr(memory.entries.get(keyOf(projectId))).pipe(
          Option.filter(({ goneAt }) => now < goneAt),
          Option.map(({ record }) => record)
        )
      ),
    remove: (projectId) => Effect.map(whenUp, () => void memory.entries.delete(keyOf(projectId)))
  })
}
