import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ControlPlaneClient, ControlPlaneUnavailable } from "../../control-plane/ControlPlaneClient.ts"
import type { Placement } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { savePlacement } from "./place.ts"

/**
 * The host may create a database for this time after its answer was lost, in milliseconds. The order only looks for the database
 * until then, because a second request would create a second one.
 */
const CREATED_WITHIN_MS = 120_000

type State = NonNullable<Placement["database"]>

const saveDatabase = Effect.fnUntraced(function* (id: string, projectId: string, database: State) {
  const { placement } = (yield* PurchaseStore).byId(id) ?? {}
  // The deployment has moved to another project, which has a database of its own.
  if (placement?.projectId !== projectId) return
  yield* savePlacement(id, { ...placement, database })
})

/**
 * Creates the project's database if there is none. It is safe to interrupt and to repeat, because the order saves the request
 * before it sends it, and looks for the database before it sends another.
 */
export const findOrCreateDatabase = Effect.fn("OrderWorkflow.database")(function* (
  id: string,
  projectId: string,
  binding: string
) {
  const host = yield* ControlPlaneClient
  const known = (yield* PurchaseStore).byId(id)?.placement?.database
  if (known !== undefined && known.id !== null) return
  const found = Option.getOrUndefined(yield* host.findDatabase(projectId, binding))
  if (found !== undefined) return yield* saveDatabase(id, projectId, { askedAt: null, id: found.id })
  const now = yield* Clock.currentTimeMillis
  if (known !== undefined && known.askedAt !== null && now - known.askedAt < CREATED_WITHIN_MS) {
    return yield* new ControlPlaneUnavailable({ message: "the database is still being created" })
  }
  yield* saveDatabase(id, projectId, { askedAt: now, id: null })
  const created = yield* host
    .createDatabase(projectId, binding)
    .pipe(Effect.tapErrorTag("ControlPlaneRefused", () => saveDatabase(id, projectId, { askedAt: null, id: null })))
  yield* saveDatabase(id, projectId, { askedAt: null, id: created.id })
})
