import { createHash } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ControlPlaneClient, Upload } from "../../control-plane/ControlPlaneClient.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import type { InDoubt, Purchase, Update } from "../purchase/Purchase.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"

/** How long an upload whose answer never came may still be carried out, in milliseconds. */
const LANDS_WITHIN_MS = 600_000

/** When the newest code is sent once more, after older code may have landed behind it, in milliseconds. */
const SEND_AGAIN_MS = 60_000

const digestOf = ({ main, code, compatibilityFlags }: Upload): string =>
  createHash("sha256")
    .update(JSON.stringify([main, code, compatibilityFlags]))
    .digest("hex")

/**
 * Uploads code, and keeps book of what may still land: an upload that was given up, or that a crash cut off, may be carried
 * out after a newer one, and would serve then. Written down before it is sent, and crossed out when its outcome is known.
 */
export const makeSend = (host: ControlPlaneClient["Service"]) =>
  Effect.fn("OrderWorkflow.send")(function* (id: string, projectId: string, upload: Upload) {
    const store = yield* PurchaseStore
    const now = yield* Clock.currentTimeMillis
    const digest = digestOf(upload)
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
 * Of a purchase whose newest code was just taken: that it is sent once more in a minute, if other code may still land behind
 * it. Which code serves cannot be asked: the host names the deployment that was begun last, not the one that landed last.
 * `now` in unix milliseconds.
 */
export const sentAgain = ({ inDoubt = [] }: Purchase, upload: Upload, update: Omit<Update, "again">, now: number) => {
  const digest = digestOf(upload)
  return inDoubt.some((one) => one.until > now && one.digest !== digest)
    ? { ...update, attempts: 0, again: now + SEND_AGAIN_MS }
    : null
}
