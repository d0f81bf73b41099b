import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ExpiryRecord, ExpiryStore } from "../../src/expiry/ExpiryStore.ts"

/** The index of live deployments in memory. The file's imports work here and in `src/expiry`. */

/** The entries, by project. A real store is a table; this is the memory of one isolate. */
export const entries = new Map<string, ExpiryRecord>()

/** `ExpiryStore` in memory. */
export const layerInMemoryExpiryStore = Layer.succeed(ExpiryStore, {
  put: (record) => Effect.sync(() => void entries.set(record.projectId, record)),
  get: (projectId) => Effect.sync(() => Option.fromUndefinedOr(entries.get(projectId))),
  remove: (projectId) => Effect.sync(() => void entries.delete(projectId))
})
