import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Settings } from "../../config.ts"
import type { Deployed } from "../../domain/Order.ts"
import { Orders } from "../../orders/Orders.ts"
import { makeProofGate, proofRequired, proofTerms } from "../paid/proof-gate.ts"
import { decodeUpdate } from "../request/decode-deploy.ts"
import { setHeaders } from "../request/headers.ts"
import { readIfMatch } from "../request/project/if-match.ts"
import { orFail } from "../refused.ts"

const reason = proofRequired("Updates are free, and only the payer may send them.")

/** `PUT /deployments/{deployment_id}`: newer code, single files of it, or secrets at the same URL, free, for the payer of the deployment. */
export const makeUpdate = Effect.gen(function* () {
  const orders = yield* Orders
  const { ASSET_LIMIT } = yield* Settings
  const gate = yield* makeProofGate

  return Effect.fn("Gateway.update")(function* (id: string, { source }: HttpServerRequest.HttpServerRequest) {
    // No cache may keep an answer, because each one describes the moment, and errors do too.
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readRequest(source as Request) // `toWebHandler` was given this object.
    // A request with a credential has a body.
    const project =
      request.bytes.length === 0 ? { files: null } : yield* orFail(decodeUpdate(request.bytes, ASSET_LIMIT))
    yield* gate.requireConfigured
    const ifMatch = yield* readIfMatch((source as Request).headers)
    const terms = proofTerms("update", id, request.sha256, "Update a deployment of yours, free")
    return yield* gate.prove(request, { terms, reason, precheck: gate.requireAlive(id) }, (verified) =>
      Effect.map(orders.update({ id, terms, verified, ...project, ...ifMatch }), withoutReceipt)
    )
  })
})

const withoutReceipt = (done: Deployed) => {
  const { receipt: _, ...deployment } = done
  return deployment
}
