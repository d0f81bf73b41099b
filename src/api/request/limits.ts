import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { InvalidRequest, UriTooLong } from "../../domain/Errors.ts"
import { discardBody } from "./body.ts"
import { isPlainOrigin } from "./origin.ts"

/** The longest path and query together, in characters: 8 KiB. */
export const MAX_URL_LENGTH = 8192

/** The longest path that the router sees, in characters. All routes are much shorter. */
export const MAX_PATH_LENGTH = 200

/** Methods that the router knows. The router looks up every other method among the properties of a plain object. */
const ROUTED_METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"])

/** Returns the path of a request's URL as it was sent: everything before the query. */
export const pathOf = (url: string): string => {
  const end = url.indexOf("?")
  return end === -1 ? url : url.slice(0, end)
}

/** Whether a URL is too long for the router. */
export const isLong = (url: string): boolean => url.length > MAX_URL_LENGTH || pathOf(url).length > MAX_PATH_LENGTH

/**
 * Answers requests that the router must not see, because its time grows with the square of a hostile path's length.
 * `fallback` answers for a path or a method that no route has.
 */
export const makeLimits = (
  fallback: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<HttpServerResponse.HttpServerResponse>
) =>
  HttpRouter.middleware(
    (routed) =>
      Effect.withFiber((fiber) => {
        const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
        const { url, method } = request
        if (url.length > MAX_URL_LENGTH) return refuse(request, tooLong(url.length))
        if (!isPlainOrigin((request.source as Request).url)) return refuse(request, badHost())
        if (method === "OPTIONS") return routed
        return isLong(url) || !ROUTED_METHODS.has(method) ? fallback(request) : routed
      }),
    { global: true }
  )

const tooLong = (length: number) =>
  new UriTooLong({
    detail: `The URL's path and query have ${length} characters. The limit is ${MAX_URL_LENGTH}. Send data in the body.`
  })

const badHost = () =>
  new InvalidRequest({ detail: "The Host header is not a host name. Send the host and port of this service." })

/** Adds the CORS header itself, because the CORS middleware runs later and browsers read this answer too. */
const refuse = (request: HttpServerRequest.HttpServerRequest, error: UriTooLong | InvalidRequest) =>
  Effect.andThen(
    discardBody(request.source as Request),
    Effect.map(
      HttpServerRespondable.toResponse(error),
      HttpServerResponse.setHeader("access-control-allow-origin", "*")
    )
  )
