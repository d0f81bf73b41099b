import * as Context from "effect/Context"
import type * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { CollectedSpan } from "./CollectedSpan.ts"
import { cut } from "./scrub.ts"

/** A line of the log as it is sent. */
export interface CollectedLog {
  readonly time: Date
  readonly level: LogLevel.LogLevel
  readonly message: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly span: Pick<Tracer.AnySpan, "traceId" | "spanId"> | undefined
}

/** The annotations that are sent, by the names of their attributes. The others may quote what somebody has written. */
const SENT: Readonly<Record<string, string>> = {
  method: "http.request.method",
  path: "url.path",
  status: "http.response.status_code",
  code: "mpp_compute.code",
  charged: "mpp_compute.charged",
  deployment_id: "mpp_compute.deployment_id",
  project_id: "mpp_compute.project_id",
  from: "mpp_compute.from",
  to: "mpp_compute.state",
  reference: "mpp_compute.reference",
  purpose: "mpp_compute.purpose",
  hours: "mpp_compute.hours",
  millis: "mpp_compute.millis",
  action: "mpp_compute.action",
  outcome: "mpp_compute.outcome"
}

const DEPLOYMENT_ID = /^dep_[0-9a-z]{1,64}$/

/**
 * Makes the record of a line: its sentence, and the fields that cannot quote anybody. The rest of a line is free text (an error of the host, a
 * reason, a stack), which may have parts of a source, so it stays in the console's log.
 */
export const logRecord = ({ message, logLevel, fiber, date }: Logger.Options<unknown>): CollectedLog => {
  const [sentence, ...rest] = Array.isArray(message) ? (message as ReadonlyArray<unknown>) : [message]
  const attributes: Record<string, string | number | boolean> = {}
  const id = rest.find((part) => typeof part === "string" && DEPLOYMENT_ID.test(part))
  if (typeof id === "string") attributes["mpp_compute.deployment_id"] = id
  for (const [name, value] of Object.entries(fiber.getRef(References.CurrentLogAnnotations))) {
    const sent = Object.hasOwn(SENT, name) ? SENT[name] : undefined
    if (sent === undefined) continue
    if (typeof value === "string") attributes[sent] = cut(value)
    else if (typeof value === "number" || typeof value === "boolean") attributes[sent] = value
  }
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  return {
    time: date,
    level: logLevel,
    message: typeof sentence === "string" ? cut(sentence) : "an event",
    attributes,
    span
  }
}

/** Copies the code and the deployment of a request's line to its span, which the line describes, too. */
export const describeRequest = ({ message, attributes, span }: CollectedLog): void => {
  if (message !== "request" || !(span instanceof CollectedSpan)) return
  for (const key of ["mpp_compute.code", "mpp_compute.charged", "mpp_compute.deployment_id"]) {
    if (attributes[key] !== undefined) span.attribute(key, attributes[key])
  }
}
