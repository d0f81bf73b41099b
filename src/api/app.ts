import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type { Settings } from "../config.ts"
import type { ControlPlaneClient } from "../control-plane/ControlPlaneClient.ts"
import type { CronSecret } from "../schedule/CronSecret.ts"
import type { Orders } from "../orders/Orders.ts"
import type { Records } from "../records/Records.ts"
import { Internal, MethodNotAllowed, NotFound } from "../domain/Errors.ts"
import type { CodeRunner } from "../sandbox/CodeRunner.ts"
import type { Payers } from "../payers/Payers.ts"
import type { ReplayGuard } from "../schedule/ReplayGuard.ts"
import type { Sweep } from "../schedule/Sweep.ts"
import type { PaymentService } from "../payment/PaymentService.ts"
import { type AnswerUnpaid, makeAnswerUnpaid } from "./answer-unpaid.ts"
import { Api } from "./Api.ts"
import { cors } from "./cors.ts"
import { DiscoveryRoutes, discoveryPaths } from "./discovery/routes.ts"
import { discardBody, keepReceived, receiveBody } from "./request/body.ts"
import { Handlers } from "./handlers.ts"
import { makeMcp, MCP_PATH } from "./mcp/route.ts"
import { makeLimits, MAX_PATH_LENGTH, MAX_URL_LENGTH, pathOf } from "./request/limits.ts"
import { Scheduled, SCHEDULED_PATH } from "./endpoints/scheduled.ts"
import { Operator } from "./operator/gate.ts"
import { logRequests } from "./request/log-requests.ts"

/** The paths of the API as patterns, with the methods that each takes. */
const paths = [
  ...discoveryPaths.map((path) => [path, "GET"] as const),
  [SCHEDULED_PATH, "POST"] as const,
  [MCP_PATH, "POST"] as const,
  ...Object.values(Api.groups).flatMap((group) =>
    Object.values(group.endpoints).map((endpoint) => [endpoint.path as string, endpoint.method as string] as const)
  )
  // bounded: 200 characters, the longest path that the gateway looks up
].map(([path, method]) => ({ pattern: new RegExp(`^${path.replace(/:[^/]+/g, "[^/]+")}$`), method }))

/** Answers all other requests: 405 with `Allow` where the path is known, else 404. The router itself answers with empty bodies. */
const fallback = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  yield* discardBody(request.source as Request)
  const pathname = pathOf(request.url)
  const known = pathname.length > MAX_PATH_LENGTH ? [] : paths.filter(({ pattern }) => pattern.test(pathname))
  const methods = known.map(({ method }) => method)
  if (methods.length === 0) {
    const shown = pathname.length > 100 ? `${pathname.slice(0, 100)}…` : pathname
    return yield* HttpServerRespondable.toResponse(
      new NotFound({ detail: `There is nothing at ${shown}. GET / lists the endpoints.` })
    )
  }
  const allow = methods.join(", ")
  const error = new MethodNotAllowed({ detail: `${pathname} takes ${allow}, not ${request.method}.` })
  return HttpServerResponse.setHeader(yield* HttpServerRespondable.toResponse(error), "allow", allow)
})

/** Answers 500 for a defect, without its cause. The cause goes to the log. */
const answerDefects = HttpRouter.middleware(
  (effect) =>
    Effect.catchDefect(effect, (defect) =>
      Effect.andThen(
        Effect.logError("a defect in the gateway", defect),
        HttpServerRespondable.toResponse(
          new Internal({
            detail: "The service failed. Repeat the call with the same Idempotency-Key: it never pays twice.",
            charged: null
          })
        )
      )
    ),
  { global: true }
)

/** Answers requests that the router must not see. */
const limits = makeLimits(fallback)

/**
 * Fits the routes together. `gateway` is what they make, because a tool of MCP is a request to it. `use` takes the function that
 * answers most requests without them. Such requests pass none of the global middleware, so a new one has its place there too.
 */
const makeApp = (gateway: (request: Request) => Promise<Response>, use: (answerUnpaid: AnswerUnpaid) => void) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(Api).pipe(Layer.provide(Handlers)),
    DiscoveryRoutes,
    Scheduled,
    makeMcp(gateway),
    HttpRouter.add("*", "/*", fallback),
    Layer.effectDiscard(Effect.map(makeAnswerUnpaid, use)),
    answerDefects,
    logRequests,
    limits,
    // Before the CORS headers, which pages of other sites would need to read it.
    Operator,
    cors
  ).pipe(Layer.provide(HttpServer.layerServices))

/** The services of the gateway. `layers.ts` and the tests choose their layers. */
export type GatewayServices =
  | Settings
  | PaymentService
  | ControlPlaneClient
  | Orders
  | Records
  | Payers
  | CodeRunner
  | Sweep
  | CronSecret
  | ReplayGuard

/** Makes the gateway as a `fetch` handler. An isolate calls this once, and the first request builds the services. */
export const serve = (services: Layer.Layer<GatewayServices>): ((request: Request) => Promise<Response>) => {
  let answerUnpaid: AnswerUnpaid = () => undefined
  const gateway = async (sent: Request): Promise<Response> => {
    // Each read of these two takes a copy from the platform.
    const { url, headers } = sent
    const request = toRoutable(sent, url)
    const received = await receiveBody(request, headers)
    if (received !== undefined) {
      const answered = answerUnpaid({ request, url, headers }, received)
      // To await an answer that is there costs a turn of the queue.
      const response = answered instanceof Promise ? await answered : answered
      if (response !== undefined) return response
      keepReceived(request, received)
    }
    return handler(withoutSignal(request))
  }
  const app = makeApp(gateway, (made) => {
    answerUnpaid = made
  })
  const { handler } = HttpRouter.toWebHandler(app.pipe(Layer.provideMerge(services)), { disableLogger: true })
  return (request) => (request.method === "HEAD" ? answerHead(gateway, request) : gateway(request))
}

/** Answers HEAD, which is GET without the body of the answer (RFC 9110, 9.3.2). */
const answerHead = async (gateway: (request: Request) => Promise<Response>, request: Request): Promise<Response> =>
  new Response(null, await gateway(new Request(request, { method: "GET" })))

/**
 * Returns the request without its signal. A signal would interrupt the request when its client disconnects, and a disconnect
 * must change nothing. The platform does not abort it either, unless a flag says so. To make a signal and to listen to it costs
 * a tenth of an unpaid request.
 */
const withoutSignal = (request: Request): Request => Object.defineProperty(request, "signal", { value: undefined })

/**
 * Returns a request that the router can answer. The router does not answer a path with an invalid percent-encoding, so this
 * escapes such a path. A path that is too long for the router stays as it is.
 */
const toRoutable = (request: Request, sent: string): Request => {
  if (sent.length > MAX_URL_LENGTH + 300 || !sent.includes("%") || !URL.canParse(sent)) return request
  const url = new URL(sent)
  try {
    if (url.pathname.length > MAX_PATH_LENGTH) return request
    decodeURIComponent(url.pathname)
    return request
  } catch {
    url.pathname = url.pathname.replaceAll("%", "%25")
    return new Request(url, request)
  }
}
