import * as Effect from "effect/Effect"
import { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable } from "../../control-plane/ControlPlaneClient.ts"
import { withholdIn } from "../../control-plane/withhold.ts"
import type { Build } from "../purchase/PurchaseStore.ts"
import { openSecrets } from "../secrets/secrets.ts"
import { findOrCreateDatabase } from "./database.ts"
import { applyMigrations } from "./migrate.ts"
import { send } from "./send.ts"

/**
 * Serves a build from a project: its database first, then its migrations, then its code with its secrets. It is safe to
 * interrupt and to repeat. The code before it keeps serving until the last step, on the migrated database.
 */
export const install = Effect.fn("OrderWorkflow.install")(function* (id: string, projectId: string, build: Build) {
  const binding = build.resources?.database ?? null
  if (binding !== null) {
    yield* findOrCreateDatabase(id, projectId, binding)
    if (build.migrations != null) yield* applyMigrations(projectId, binding, build.migrations)
  }
  const secrets = yield* openSecrets(id)
  yield* send(id, projectId, Object.keys(secrets).length === 0 ? build : { ...build, secrets }).pipe(
    // A host withholds secrets before it cuts its words. This is for a host that does not.
    Effect.catchTags({
      CodeRejected: ({ message }) => new CodeRejected({ message: withholdIn(message, secrets) }),
      ControlPlaneRefused: ({ status, message }) =>
        new ControlPlaneRefused({ status, message: withholdIn(message, secrets) }),
      ControlPlaneUnavailable: ({ message }) => new ControlPlaneUnavailable({ message: withholdIn(message, secrets) })
    })
  )
})
