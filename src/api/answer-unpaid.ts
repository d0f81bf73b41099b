import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import { answerProblem } from "./answer-problem.ts"
import { addCors } from "./cors.ts"
import { makeDeploy } from "./endpoints/deploy.ts"
import { makeExecute } from "./endpoints/execute.ts"
import { type ParsedRequest, readUnpaid } from "./paid/read-request.ts"
import { type Body, type Received, toBody } from "./request/body.ts"
import { logRequest } from "./request/log-requests.ts"
import { isPlainOrigin } from "./request/origin.ts"

/** The steps of a paid endpoint for a request without a credential. Its handler takes the same steps. */
interface UnpaidSteps {
  readonly decode: (bytes: Uint8Array) => Result.Result<unknown, object>
  readonly quote: (
    request: ParsedRequest
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>
}

/** Answers a request without the router; `undefined` if the router must answer it. Until then nothing has happened. */
export type AnswerUnpaid = (
  request: Request,
  received: Received
) => Promise<Response | undefined> | Response | undefined

/**
 * Most requests buy something and have no credential yet: a 402, or the refusal of their body. The router, its scope and the
 * schemas of all answers cost more than these answers do, so they are made here, by the steps of the endpoints' handlers. The
 * router answers all that is rare: a large body, another path, an error of the service, and each request whose span somebody
 * collects. A test compares both byte for byte.
 */
export const makeAnswerUnpaid = Effect.gen(function* () {
  const endpoints = new Map<string, UnpaidSteps>([
    ["/deploy", yield* makeDeploy],
    ["/execute", yield* makeExecute]
  ])
  const context = yield* Effect.context<never>()
  const run = Effect.runForkWith(context)
  const isTraced = Context.get(context, Tracer.Tracer) !== Tracer.nativeTracer

  return ((request, received) => {
    if (isTraced || received === "broken") return undefined
    const path = pathOfUnpaid(request)
    const steps = path === undefined ? undefined : endpoints.get(path)
    if (path === undefined || steps === undefined) return undefined
    const body = toBody(received, received.length)
    const fiber = run(respond(path, () => answer(steps, request, body)))
    const exit = fiber.pollUnsafe()
    // The challenge is made at once, but another payment service may take its time.
    return exit === undefined
      ? new Promise((resolve) => fiber.addObserver((later) => resolve(responseOf(later))))
      : responseOf(exit)
  }) satisfies AnswerUnpaid
})

/** Returns the path of a POST without a credential to a plain host; `undefined` for other requests. */
const pathOfUnpaid = ({ method, url, headers }: Request): string | undefined =>
  method === "POST" && !headers.has("authorization") && isPlainOrigin(url)
    ? url.slice(url.indexOf("/", "https://".length))
    : undefined

/** Takes the steps of the endpoint. All errors but refusals of the request fail. */
const answer = (
  steps: UnpaidSteps,
  request: Request,
  body: Body
): Effect.Effect<HttpServerResponse.HttpServerResponse, unknown> => {
  const accepted = Result.flatMap(readUnpaid(request, body), (parsed) =>
    Result.map(steps.decode(parsed.bytes), () => parsed)
  )
  if (Result.isFailure(accepted)) return answerProblem(accepted.failure)
  const { HttpServerRequest: Service, fromWeb } = HttpServerRequest
  return Effect.provideService(steps.quote(accepted.success), Service, fromWeb(request))
}

/** Makes the response of an answer as the router does, and logs its line. */
const respond = <E>(path: string, answer: () => Effect.Effect<HttpServerResponse.HttpServerResponse, E>) =>
  Effect.withFiber<Response, E>((fiber) => {
    const clock = fiber.getRef(Clock.Clock)
    const since = clock.currentTimeMillisUnsafe()
    return Effect.flatMap(answer(), (answered) =>
      Effect.as(
        logRequest("POST", path, answered, clock.currentTimeMillisUnsafe() - since),
        toResponse(addCors(answered))
      )
    )
  })

/** Makes a response of a text as `HttpServerResponse.toWeb` does, without a copy of its headers. */
const toResponse = (answer: HttpServerResponse.HttpServerResponse): Response => {
  const { body, status, headers } = answer
  return body._tag === "Uint8Array" && body.text !== undefined
    ? new Response(body.text, { status, headers })
    : HttpServerResponse.toWeb(answer)
}

const responseOf = (exit: Exit.Exit<Response, unknown>): Response | undefined =>
  Exit.isSuccess(exit) ? exit.value : undefined
