import { createHash } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ControlPlaneClient, type Upload } from "../../control-plane/ControlPlaneClient.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import type { Purchase } from "../purchase/Purchase.ts"
import type { InDoubt, Update } from "./Update.ts"
import type { Sealed } from "../secrets/seal.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"

/** The host may still carry out an upload for this time after its answer was lost, in milliseconds. */
const LANDS_WITHIN_MS = 600_000

/** The order sends the newest code once more after this time, in milliseconds, if older code may have landed after it. */
const SEND_AGAIN_MS = 60_000

/**
 * Returns a digest of all that an upload serves, with its secrets as they are sealed in the store. Without any of what followed
 * the first release it is that release's, because the store may have such digests.
 */
const digestOf = (upload: Upload, sealed: Sealed): string => {
  const { main, code, compatibilityFlags, compatibilityDate, modules, vars, resources, assets } = upload
  const more = { compatibilityDate, modules, vars, resources, assets: assets ?? undefined }
  const isPlain = JSON.stringify(more) === "{}" && Object.keys(sealed).length === 0
  return createHash("sha256")
    .update(JSON.stringify([main, code, compatibilityFlags, ...(isPlain ? [] : [more, sealed])]))
    .digest("hex")
}

/**
 * Uploads code, and records uploads that may still land. An upload that timed out, or that a crash interrupted, may land after
 * a newer one and would then serve. The order saves the record before the upload, and removes it when the outcome is known.
 */
export const send = Effect.fn("OrderWorkflow.send")(function* (id: string, projectId: string, upload: Upload) {
  const host = yield* ControlPlaneClient
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const digest = digestOf(upload, store.secrets(id))
  const before = (store.byId(id)?.inDoubt ?? []).filter(({ until }) => until > now)
  const write = (inDoubt: ReadonlyArray<InDoubt>) =>
    Effect.suspend(() => {
      const purchase = store.byId(id)
      return purchase === undefined ? Effect.void : save(store, transition.uploading(purchase, inDoubt))
    })
  yield* write([...before.filter((one) => one.digest !== digest), { digest, until: now + LANDS_WITHIN_MS }])
  yield* Effect.matchEffect(host.upload(projectId, upload), {
    onSuccess: () => write(before),
    onFailure: (error) =>
      Effect.andThen(error._tag === "ControlPlaneUnavailable" ? Effect.void : write(before), Effect.fail(error))
  })
})

/**
 * Returns the update that sends the newest code once more in a minute, if other code may still land after it; else null. The
 * host cannot say which code serves, because it names the deployment that began last and not the one that landed last. `now` in
 * unix milliseconds.
 */
export const sentAgain = (
  { inDoubt = [] }: Purchase,
  upload: Upload,
  sealed: Sealed,
  update: Omit<Update, "again">,
  now: number
) => {
  const digest = digestOf(upload, sealed)
  return inDoubt.some((one) => one.until > now && one.digest !== digest)
    ? { ...update, attempts: 0, again: now + SEND_AGAIN_MS }
    : null
}
