import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { NotFound } from "../../domain/Errors.ts"
import { type ProvedRequest, type Source, sortFiles, sourceTag } from "../../domain/Order.ts"
import type { ProvedError } from "../operations.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { findForPayer, usedProof } from "./find-for-payer.ts"

/** Returns the newest source of a deployment that the host has not refused, for its payer. A proof is good for one read. */
export const readSource = Effect.fn("OrderWorkflow.readSource")(function* (
  request: ProvedRequest
): Effect.fn.Return<Source, ProvedError, PurchaseStore> {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const found = findForPayer(store, request, now)
  if (Result.isFailure(found)) return yield* Effect.fail(found.failure)
  if (!store.spendProof(request.verified.challengeId, now)) return yield* usedProof(request)
  const files = store.source(request.id)
  if (files === undefined) {
    return yield* new NotFound({ detail: "The source of this deployment was not kept. PUT its files to replace it." })
  }
  return { body: JSON.stringify({ files: sortFiles(files) }), etag: sourceTag(files) }
})
