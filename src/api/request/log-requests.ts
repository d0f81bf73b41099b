import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { makeWriteInfo } from "../../logging.ts"
import { MAX_PATH_LENGTH, pathOf } from "./limits.ts"

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** Reads the fields of an answer's body. It needs no schema, because a schema has just encoded the body. */
export const bodyOf = ({ body }: HttpServerResponse.HttpServerResponse): unknown =>
  body._tag === "Uint8Array" && body.text !== undefined && body.contentLength < 4096 && /\bjson$/.test(body.contentType)
    ? Option.getOrUndefined(parse(body.text))
    : undefined

/** An answered request: its method and path, its answer, and the time that it took. */
interface Answered {
  readonly method: string
  readonly path: string
  readonly status: number
  /** The fields of the answer's body, of which the line has the error code, the charge and the deployment. */
  readonly body: unknown
  /** On the platform the clock stands still while code computes. */
  readonly millis: number
}

/** Returns the annotations of a request's line. It has no headers and nothing else of the bodies. */
const annotationsOf = ({ method, path, status, body, millis }: Answered) => {
  const { code, charged, deployment_id } = (Predicate.isObject(body) ? body : {}) as Readonly<Record<string, unknown>>
  return {
    method,
    path,
    status,
    code: Predicate.isString(code) ? code : undefined,
    charged: Predicate.isBoolean(charged) || charged === null ? charged : undefined,
    deployment_id: Predicate.isString(deployment_id) || deployment_id === null ? deployment_id : undefined,
    millis
  }
}

const logRequest = (answered: Answered): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo("request"), annotationsOf(answered))

/** Makes a function that logs the line of a request outside of a fiber. It is the line that the router's requests have. */
export const makeLogRequest = (context: Context.Context<never>): ((answered: Answered) => void) => {
  const write = makeWriteInfo(context, "request")
  const run = Effect.runForkWith(context)
  const clock = Context.get(context, Clock.Clock)
  return write === undefined
    ? (answered) => void run(logRequest(answered))
    : (answered) => write(clock.currentTimeMillisUnsafe(), annotationsOf(answered))
}

/** Logs a line for each request that the router sees. */
export const logRequests = HttpRouter.middleware(
  (effect) =>
    Effect.withFiber((fiber) => {
      const { method, url } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
      const clock = fiber.getRef(Clock.Clock)
      const since = clock.currentTimeMillisUnsafe()
      const path = pathOf(url).slice(0, MAX_PATH_LENGTH)
      return Effect.onExit(effect, (exit) => {
        const millis = clock.currentTimeMillisUnsafe() - since
        // Without an answer the client has disconnected, and its order continues.
        const [status, body] = Exit.isSuccess(exit) ? [exit.value.status, bodyOf(exit.value)] : [499, undefined]
        return logRequest({ method, path, status, body, millis })
      })
    }),
  { global: true }
)
