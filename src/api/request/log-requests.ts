import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { MAX_PATH_LENGTH, pathOf } from "./limits.ts"

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/**
 * Reads the error code, the charge and the deployment from an answer's body. It needs no schema, because this runs for every
 * request, and a schema has just encoded the body.
 */
const fieldsOf = ({ body }: HttpServerResponse.HttpServerResponse) => {
  if (body._tag !== "Uint8Array" || body.text === undefined || body.contentLength >= 4096) return {}
  if (!/\bjson$/.test(body.contentType)) return {}
  const answer = Option.getOrUndefined(parse(body.text))
  if (!Predicate.isObject(answer)) return {}
  const { code, charged, deployment_id } = answer as Readonly<Record<string, unknown>>
  return {
    ...(Predicate.isString(code) && { code }),
    ...((Predicate.isBoolean(charged) || charged === null) && { charged }),
    ...((Predicate.isString(deployment_id) || deployment_id === null) && { deployment_id })
  }
}

/**
 * Logs the line of a request: its method and path, the answer and the time (`millis`; on the platform the clock stands still
 * while code computes). It does not log headers and bodies.
 */
export const logRequest = (
  method: string,
  path: string,
  answer: HttpServerResponse.HttpServerResponse | undefined,
  millis: number
): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo("request"), {
    method,
    path,
    ...(answer !== undefined
      ? { status: answer.status, ...fieldsOf(answer) }
      : // The client has disconnected, and its order continues.
        { status: 499 }),
    millis
  })

/** Logs a line for each request that the router sees. */
export const logRequests = HttpRouter.middleware(
  (effect) =>
    Effect.withFiber((fiber) => {
      const { method, url } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
      const clock = fiber.getRef(Clock.Clock)
      const since = clock.currentTimeMillisUnsafe()
      const path = pathOf(url).slice(0, MAX_PATH_LENGTH)
      return Effect.onExit(effect, (exit) =>
        logRequest(method, path, Exit.isSuccess(exit) ? exit.value : undefined, clock.currentTimeMillisUnsafe() - since)
      )
    }),
  { global: true }
)
