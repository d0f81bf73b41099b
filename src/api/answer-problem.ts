import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** An error that is an answer, and its class, which knows the order of its fields. */
interface Problem {
  readonly status: number
  readonly constructor: { readonly fields?: Readonly<Record<string, unknown>> }
}

/** Returns the body of a refusal whose fields are all plain values; `undefined` for other errors. */
const bodyOf = (error: object): string | undefined => {
  const { status, constructor } = error as Problem
  if (constructor.fields === undefined || !(status < 500)) return undefined
  const body: Record<string, unknown> = {}
  for (const name of Object.keys(constructor.fields)) {
    const value: unknown = Reflect.get(error, name)
    if (typeof value === "object" && value !== null) return undefined
    body[name] = value
  }
  return JSON.stringify(body)
}

/**
 * Answers a refusal as the API definition does, byte for byte, in less time: its class has checked the fields, and plain values
 * are their own JSON. The definition answers all other errors. A test compares the two.
 */
export const answerProblem = <E extends object>(error: E): Effect.Effect<HttpServerResponse.HttpServerResponse, E> => {
  const body = bodyOf(error)
  if (body === undefined) return Effect.fail(error)
  const { status } = error as E & Problem
  return Effect.succeed(HttpServerResponse.text(body, { status, contentType: "application/problem+json" }))
}
