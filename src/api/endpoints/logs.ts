import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { Busy } from "../../domain/Errors.ts"
import { Orders } from "../../orders/Orders.ts"
import { makeProofGate, proofRequired, proofTerms } from "../paid/proof-gate.ts"
import { setHeaders } from "../request/headers.ts"
import { logEvents, MAX_LOG_MILLIS } from "./log-stream.ts"

const reason = proofRequired("Only the payer of a deployment may read its log, which is free.")

/** Nginx, and proxies like it, would keep events back without this. */
const headers = { "cache-control": "private, no-store", "x-accel-buffering": "no" }

/**
 * `GET /deployments/{deployment_id}/logs`: the log of a deployment as it happens, free, for its payer. The order's object
 * spends the proof and says where the log is; the gateway reads it from the host.
 */
export const makeLogs = Effect.gen(function* () {
  const orders = yield* Orders
  const host = yield* ControlPlaneClient
  const gate = yield* makeProofGate

  /** Opens the log before the answer begins, so that a host that does not give it is an error and no empty stream. */
  const openLog = (projectId: string) =>
    Effect.catchTag(host.logs(projectId), ["ControlPlaneRefused", "ControlPlaneUnavailable"], (error) =>
      Effect.andThen(
        Effect.logWarning("the host did not open a log", error.message),
        new Busy({
          detail:
            "The host does not give the log of this deployment at the moment. Send the request again later; it is free.",
          retry_after: 10
        })
      )
    )

  return Effect.fn("Gateway.logs")(function* (id: string, { source }: HttpServerRequest.HttpServerRequest) {
    yield* setHeaders({ "cache-control": "no-store" })
    const request = yield* gate.readBodyless(source as Request) // `toWebHandler` was given this object.
    yield* gate.requireConfigured
    const terms = proofTerms("logs", id, request.sha256, "Read the log of a deployment of yours, free")
    return yield* gate.prove(
      request,
      { terms, reason, precheck: gate.requireAlive(id) },
      Effect.fnUntraced(function* (verified) {
        const { projectId, endsAt } = yield* orders.readLogs({ id, terms, verified })
        const opened = yield* openLog(projectId)
        const left = endsAt - (yield* Clock.currentTimeMillis)
        const duration = Math.min(Math.max(left, 0), MAX_LOG_MILLIS)
        const events = logEvents({ opened, open: host.logs(projectId), duration })
        return HttpServerResponse.stream(events, { contentType: "text/event-stream; charset=utf-8", headers })
      })
    )
  })
})
