import * as Effect from "effect/Effect"
import { setting, type Settings } from "../../config.ts"
import { type CodeTooLarge, InvalidRequest, PreconditionFailed } from "../../domain/Errors.ts"
import { type Changes, type Files, sourceTag, type UpdateOrder } from "../../domain/Order.ts"
import { findExcess } from "../build/source-limits.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"

/**
 * Returns the source that an update leads to: the files that it brings, or the newest ones that the host has not refused, with
 * its changes. Fails if they are not those of `If-Match`.
 */
export const changedSource = Effect.fn("OrderWorkflow.changedSource")(function* ({
  id,
  files,
  changes,
  ifMatch
}: UpdateOrder): Effect.fn.Return<Files, InvalidRequest | CodeTooLarge | PreconditionFailed, PurchaseStore | Settings> {
  const present = (yield* PurchaseStore).source(id)
  yield* checkTag(present, ifMatch)
  if (files !== null) return files
  if (present === undefined) {
    return yield* new InvalidRequest({ detail: "The source of this deployment was not kept. Send all of its files." })
  }
  return changes === undefined ? present : yield* applyChanges(present, changes)
})

const checkTag = (present: Files | undefined, ifMatch: UpdateOrder["ifMatch"]) => {
  if (ifMatch === undefined) return Effect.void
  const etag = present === undefined ? null : sourceTag(present)
  if (etag !== null && (ifMatch === "*" || ifMatch.includes(etag))) return Effect.void
  return new PreconditionFailed({
    detail:
      "The source of this deployment is not the one that If-Match names. Nothing was changed. GET its files, and send the update " +
      "again with their ETag.",
    etag
  })
}

const applyChanges = Effect.fnUntraced(function* (present: Files, changes: Changes) {
  const files = new Map(Object.entries(present))
  for (const [path, content] of Object.entries(changes)) {
    if (content !== null) files.set(path, content)
    else if (!files.delete(path)) {
      return yield* new InvalidRequest({
        detail: `The source has no file ${JSON.stringify(path.slice(0, 100))} to remove. GET its files to see them.`
      })
    }
  }
  if (files.size === 0)
    return yield* new InvalidRequest({ detail: "The changes remove every file. DELETE ends a deployment." })
  // fromEntries defines own properties. A file may be called __proto__.
  const changed: Files = Object.fromEntries(files)
  const excess = findExcess(Object.entries(changed), yield* setting("ASSET_LIMIT"))
  return excess === undefined ? changed : yield* excess
})
