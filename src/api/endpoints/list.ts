import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { InvalidRequest } from "../../domain/Errors.ts"
import { usedProof } from "../../orders/proved/find-for-payer.ts"
import { isCursor } from "../../payers/page.ts"
import { Payers } from "../../payers/Payers.ts"
import { freeTerms, makeProofGate, proofRequired } from "../paid/proof-gate.ts"
import { setHeaders } from "../request/headers.ts"

const reason = proofRequired("Only the payer of deployments may list them, which is free.")

/** Reads `?before=`, the `next` of another page. */
const readCursor = Effect.fnUntraced(function* (url: string) {
  const cursor = new URL(url).searchParams.get("before") ?? undefined
  if (cursor === undefined || isCursor(cursor)) return cursor
  return yield* new InvalidRequest({ detail: "before is no cursor. Send the next of the page before, unchanged." })
})

/** `GET /deployments`: the deployments of the address that the client proves, free. The payer's object spends the proof. */
export const makeList = Effect.gen(function* () {
  const payers = yield* Payers
  const gate = yield* makeProofGate

  return Effect.fn("Gateway.list")(function* ({ source }: HttpServerRequest.HttpServerRequest) {
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readBodyless(source as Request) // `toWebHandler` was given this object.
    const cursor = yield* readCursor(request.url)
    yield* gate.requireConfigured
    const terms = freeTerms("list", request.sha256, "List your deployments, free")
    return yield* gate.prove(request, { terms, reason, precheck: Effect.void }, (verified) =>
      Effect.gen(function* () {
        const { payer, challengeId } = verified
        const page = yield* payers.list({ payer, challengeId, cursor })
        if (page === undefined) return yield* usedProof({ verified })
        // The rows of earlier releases lack fields of later ones, so no schema encodes them.
        return HttpServerResponse.jsonUnsafe(page)
      })
    )
  })
})
