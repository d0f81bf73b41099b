import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Settings } from "../../config.ts"
import { Busy, InvalidRequest, NotFound } from "../../domain/Errors.ts"
import { Orders } from "../../orders/Orders.ts"
import { Records } from "../../records/Records.ts"
import { MAX_REPORTS } from "../../records/rows.ts"
import { CredentialRateLimit } from "../paid/CredentialRateLimit.ts"
import { readBody } from "../request/body.ts"
import { chooseSlot } from "./choose-slot.ts"
import { reporterOf } from "./reporter.ts"
import { decodeReport, type Report, siteHost } from "./decode-report.ts"
import { requireJson, setHeaders } from "../request/headers.ts"
import { notConfigured } from "../request/not-configured.ts"
import { orFail } from "../refused.ts"

/** The largest body of a report, in bytes. */
const MAX_BYTES = 16_384

const unavailable = ({ message }: { readonly message: string }) =>
  Effect.andThen(
    Effect.logWarning("a report could not be kept", message),
    new Busy({ detail: "The report could not be kept. Send it again.", retry_after: 10 })
  )

/** `POST /reports`: anybody reports a deployment to the operator. */
export const makeReport = Effect.gen(function* () {
  const { missing, MPP_SECRET_KEY } = yield* Settings
  const orders = yield* Orders
  const records = yield* Records
  const checkRate = yield* CredentialRateLimit

  /** Finds the deployment. The host is not asked, because anybody may send reports. */
  const find = Effect.fnUntraced(function* (about: Report["about"]) {
    const host = "id" in about ? undefined : siteHost(about.url)
    const id =
      "id" in about
        ? about.id
        : host === undefined
          ? undefined
          : Option.getOrUndefined(yield* Effect.catch(records.findSite(host), unavailable))
    if (id === undefined || (yield* orders.status(id)) === undefined) {
      return yield* new NotFound({
        detail: "No deployment of this service has this address or id. If its address changed, send its deployment_id."
      })
    }
    return id
  })

  /**
   * Keeps a report, if `chooseSlot` has a slot for it, and returns whether it does. Two within a minute may take one slot, because KV
   * shows the first one late: then the later one is kept. The log has a line for each.
   */
  const keep = Effect.fnUntraced(function* (id: string, { reason, contact }: Report, from: string | null) {
    const { rows } = yield* records.list("report", { prefix: `${id}:`, limit: MAX_REPORTS })
    const at = yield* Clock.currentTimeMillis
    const chosen = chooseSlot(rows, { reason, from }, at)
    if (chosen === undefined) return false
    yield* records.put("report", { deployment_id: id, ...chosen, from, reason, contact, at })
    return true
  }, Effect.catch(unavailable))

  return Effect.fn("Gateway.report")(function* ({ source }: HttpServerRequest.HttpServerRequest) {
    yield* setHeaders({ "cache-control": "no-store" })
    const request = source as Request // `toWebHandler` was given this object.
    const { bytes } = yield* readBody(request, MAX_BYTES)
    yield* orFail(requireJson(request.headers))
    if (bytes === undefined) return yield* new InvalidRequest({ detail: `A report has at most ${MAX_BYTES} bytes.` })
    const report = yield* decodeReport(bytes)
    if (missing.includes("ORDERS")) return yield* notConfigured(["ORDERS"])
    yield* checkRate(request.headers).pipe(
      Effect.mapError(
        ({ retry_after }) =>
          new Busy({ detail: "This address sent too many requests. Send the report later.", retry_after })
      )
    )
    const id = yield* find(report.about)
    const secretKey = MPP_SECRET_KEY === undefined ? "" : Redacted.value(MPP_SECRET_KEY)
    const kept = yield* keep(id, report, reporterOf(request.headers, id, secretKey))
    yield* Effect.annotateLogs(Effect.logWarning("reported"), { deployment_id: id, kept })
    return { deployment_id: id, status: "received" as const }
  })
})
