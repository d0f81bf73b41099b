import * as Effect from "effect/Effect"
import { InvalidRequest, UnsupportedMediaType } from "../../domain/Errors.ts"
import { readBody } from "../request/body.ts"
import { refuseUnknownFields } from "../request/fields.ts"
import { orFail } from "../refused.ts"

/** The largest body of an action, in bytes. */
const MAX_BYTES = 16_384

/** The longest reason, in characters. */
const MAX_REASON = 300

/** The body of an action: a form of a page, or JSON of a program. */
export interface Form {
  readonly isPage: boolean
  /** The secret of the form. */
  readonly secret: string
  readonly reason: Effect.Effect<string, InvalidRequest>
}

const parse = (text: string) =>
  Effect.try({
    try: (): unknown => (text.trim() === "" ? {} : JSON.parse(text)),
    catch: () => new InvalidRequest({ detail: 'The body is not JSON. Send {"reason": "…"}.' })
  })

/** Reads the body of an action. A page of another site cannot send JSON, because its browser would ask first. */
export const readForm = Effect.fnUntraced(function* (request: Request) {
  const type = (request.headers.get("content-type") ?? "").slice(0, 200).split(";")[0]?.trim().toLowerCase()
  if (type !== "application/json" && type !== "application/x-www-form-urlencoded") {
    return yield* new UnsupportedMediaType({ detail: "Send JSON with Content-Type: application/json." })
  }
  const { bytes } = yield* readBody(request, MAX_BYTES)
  if (bytes === undefined) return yield* new InvalidRequest({ detail: `The body has more than ${MAX_BYTES} bytes.` })
  const text = new TextDecoder().decode(bytes)
  if (type === "application/x-www-form-urlencoded") {
    const fields = new URLSearchParams(text)
    const form: Form = { isPage: true, secret: fields.get("form") ?? "", reason: reasonOf(fields.get("reason")) }
    return form
  }
  const body = yield* parse(text)
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return yield* new InvalidRequest({ detail: 'The body must be an object: {"reason": "…"}.' })
  }
  yield* orFail(refuseUnknownFields(body, ["reason"]))
  const form: Form = { isPage: false, secret: "", reason: reasonOf("reason" in body ? body.reason : undefined) }
  return form
})

const reasonOf = (given: unknown): Effect.Effect<string, InvalidRequest> => {
  const text = typeof given === "string" ? given.replace(/\s+/g, " ").trim() : ""
  return text !== "" && text.length <= MAX_REASON
    ? Effect.succeed(text)
    : Effect.fail(new InvalidRequest({ detail: `reason must be a text of 1 to ${MAX_REASON} characters.` }))
}
