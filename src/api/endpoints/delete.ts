import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Orders } from "../../orders/Orders.ts"
import { makeProofGate, proofRequired, proofTerms } from "../paid/proof-gate.ts"
import { setHeaders } from "../request/headers.ts"

const reason = proofRequired("Only the payer of a deployment may delete it, which is free.")

/** `DELETE /deployments/{deployment_id}`: ends a deployment before its time, free, for its payer. */
export const makeDelete = Effect.gen(function* () {
  const orders = yield* Orders
  const gate = yield* makeProofGate

  return Effect.fn("Gateway.delete")(function* (id: string, { source }: HttpServerRequest.HttpServerRequest) {
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readBodyless(source as Request) // `toWebHandler` was given this object.
    yield* gate.requireConfigured
    const terms = proofTerms("delete", id, request.sha256, "Delete a deployment of yours, free")
    return yield* gate.prove(
      request,
      { terms, reason, precheck: gate.requireAlive(id, { deletedToo: true }) },
      (verified) => orders.remove({ id, terms, verified })
    )
  })
})
