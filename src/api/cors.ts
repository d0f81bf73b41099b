import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { MCP_HEADERS } from "./mcp/route.ts"

const exposedHeaders = ["www-authenticate", "payment-receipt", "retry-after", "etag", "idempotent-replayed"]

/** Answers the question that browsers ask before a request. */
const answerPreflight = HttpMiddleware.cors({
  allowedOrigins: ["*"],
  allowedMethods: ["GET", "POST", "PUT", "DELETE", "OPTIONS"],
  allowedHeaders: ["authorization", "content-type", "idempotency-key", "accept-payment", "if-match", ...MCP_HEADERS],
  exposedHeaders,
  maxAge: 86_400
})

/** The headers by which pages of any site may read an answer. */
export const corsHeaders = {
  "access-control-allow-origin": "*",
  vary: "Origin",
  "access-control-expose-headers": exposedHeaders.join(",")
}

/** Adds these headers to an answer. */
export const addCors = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { vary } = response.headers
  return HttpServerResponse.setHeaders(
    response,
    vary === undefined ? corsHeaders : { ...corsHeaders, vary: `${vary}, Origin` }
  )
}

const addHeaders: HttpEffect.PreResponseHandler = (_request, response) => Effect.succeed(addCors(response))

/**
 * Browsers may call from any origin because there are no cookies and no accounts to protect. Apart from preflights, the headers
 * are the same for each request, so that none of its headers is read: effect's own middleware copies all of them first.
 */
export const cors = HttpRouter.middleware(
  (routed) =>
    Effect.withFiber((fiber) => {
      const { method } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
      if (method === "OPTIONS") return answerPreflight(routed)
      HttpEffect.appendPreResponseHandlerUnsafe(fiber.context, addHeaders)
      return routed
    }),
  { global: true }
)
