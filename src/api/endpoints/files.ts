import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Orders } from "../../orders/Orders.ts"
import { makeProofGate, proofRequired, proofTerms } from "../paid/proof-gate.ts"
import { setHeaders } from "../request/headers.ts"

const reason = proofRequired("Only the payer of a deployment may read its source, which is free.")

/** `GET /deployments/{deployment_id}/files`: the source that was sent last, free, for the payer of the deployment. */
export const makeFiles = Effect.gen(function* () {
  const orders = yield* Orders
  const gate = yield* makeProofGate

  return Effect.fn("Gateway.files")(function* (id: string, { source }: HttpServerRequest.HttpServerRequest) {
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readBodyless(source as Request) // `toWebHandler` was given this object.
    yield* gate.requireConfigured
    const terms = proofTerms("files", id, request.sha256, "Read the source of a deployment of yours, free")
    return yield* gate.prove(request, { terms, reason, precheck: gate.requireAlive(id) }, (verified) =>
      Effect.map(orders.readSource({ id, terms, verified }), ({ body, etag }) =>
        HttpServerResponse.text(body, { contentType: "application/json", headers: { etag } })
      )
    )
  })
})
