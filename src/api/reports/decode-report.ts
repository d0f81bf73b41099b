import * as Effect from "effect/Effect"
import { InvalidRequest } from "../../domain/Errors.ts"
import { MAX_CONTACT, MAX_REASON, MAX_URL } from "../definition/reports.ts"
import { findMisspelt, refuseUnknownFields } from "../request/fields.ts"
import { orFail } from "../refused.ts"

/** A report as it was sent. */
export interface Report {
  /** The deployment's id, or its address. */
  readonly about: { readonly id: string } | { readonly url: string }
  readonly reason: string
  readonly contact: string | null
}

const SHAPE = '{"url": "https://…", "reason": "…"}'

const invalid = (detail: string) => new InvalidRequest({ detail })

/** Decodes the body of a report. */
export const decodeReport = Effect.fn("Gateway.decodeReport")(function* (bytes: Uint8Array) {
  const json: unknown = yield* Effect.try({
    try: (): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)),
    catch: () => invalid(`The body is not JSON. Send ${SHAPE}.`)
  })
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return yield* invalid(`The body must be an object: ${SHAPE}.`)
  }
  yield* orFail(refuseUnknownFields(json, ["url", "deployment_id", "reason", "contact"]))
  const fields = json as Readonly<Record<string, unknown>>
  const text = (name: string, longest: number) =>
    Effect.suspend(() => {
      const value = fields[name]
      if (value === undefined) return Effect.undefined
      return typeof value === "string" && value.trim() !== "" && value.length <= longest
        ? Effect.succeed(value.trim())
        : Effect.fail(invalid(`${name} must be a text of 1 to ${longest} characters.`))
    })
  const url = yield* text("url", MAX_URL)
  const id = yield* text("deployment_id", 100)
  const reason = yield* text("reason", MAX_REASON)
  const contact = yield* text("contact", MAX_CONTACT)
  if (reason === undefined) return yield* invalid(`reason is missing: ${SHAPE}.${findMisspelt(json, "reason")}`)
  if ((url === undefined) === (id === undefined)) {
    return yield* invalid(`Name the deployment by url or by deployment_id, and not by both: ${SHAPE}.`)
  }
  const about = id === undefined ? { url: url ?? "" } : { id }
  return { about, reason, contact: contact ?? null } satisfies Report
})

/** Returns the host name of a site's address, with or without its scheme; `undefined` for something else. */
export const siteHost = (url: string): string | undefined => {
  const full = /^https?:\/\//i.test(url) ? url : `https://${url}`
  const host = URL.canParse(full) ? new URL(full).hostname : ""
  return host.includes(".") ? host : undefined
}
