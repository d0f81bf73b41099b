import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ExpiryRecord, ExpiryStore } from "../../src/expiry/ExpiryStore.ts"

/** The index of live deployments in a notebook. The file's imports hold here and in `src/expiry` alike. */

/** The entries, by project. For real a table: this is one isolate's memory. */
export const notebook = new Map<string, ExpiryRecord>()

/** `ExpiryStore` in a notebook. */
export const layerNotebook = Layer.succeed(ExpiryStore, {
  put: (record) => Effect.sync(() => void notebook.set(record.projectId, record)),
  get: (projectId) => Effect.sync(() => Option.fromUndefinedOr(notebook.get(projectId))),
  remove: (projectId) => Effect.sync(() => void notebook.delete(projectId))
})
