import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import { PROBLEM_TYPE, type Refusal } from "./answer-problem.ts"
import { addCors, corsHeaders } from "./cors.ts"
import { makeDeploy } from "./endpoints/deploy.ts"
import { makeExecute } from "./endpoints/execute.ts"
import { type ParsedRequest, readUnpaid } from "./paid/read-request.ts"
import type { Refused } from "./refused.ts"
import { type Body, type Received, toBody } from "./request/body.ts"
import { bodyOf, makeLogRequest } from "./request/log-requests.ts"
import { isPlainOrigin } from "./request/origin.ts"

/** The steps of a paid endpoint for a request without a credential. Its handler takes the same steps. */
interface UnpaidSteps {
  readonly decode: (bytes: Uint8Array) => Result.Result<unknown, Refused<object>>
  readonly quote: (
    request: ParsedRequest
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>
}

/** A request, its URL as it was sent, and its headers. */
interface SentRequest {
  readonly request: Request
  readonly url: string
  readonly headers: Headers
}

/** Answers a request without the router; `undefined` if the router must answer it. Until then nothing has happened. */
export type AnswerUnpaid = (
  sent: SentRequest,
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
  const log = makeLogRequest(context)
  const clock = Context.get(context, Clock.Clock)
  const isTraced = Context.get(context, Tracer.Tracer) !== Tracer.nativeTracer

  return ((sent, received) => {
    if (isTraced || received === "broken") return undefined
    const path = pathOfUnpaid(sent)
    const steps = path === undefined ? undefined : endpoints.get(path)
    if (path === undefined || steps === undefined) return undefined
    const since = clock.currentTimeMillisUnsafe()
    const logAnswer = (status: number, body: unknown) =>
      log({ method: "POST", path, status, body, millis: clock.currentTimeMillisUnsafe() - since })

    const accepted = accept(steps, sent, toBody(received, received.length))
    if (accepted === undefined) return undefined
    if (Result.isFailure(accepted)) {
      const refusal = accepted.failure.toRefusal()
      if (refusal === undefined) return undefined
      logAnswer(refusal.status, refusal.fields)
      return answerRefusal(refusal)
    }
    const respond = (exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>) => {
      if (Exit.isFailure(exit)) return undefined
      logAnswer(exit.value.status, bodyOf(exit.value))
      return toResponse(addCors(exit.value))
    }
    const { HttpServerRequest: Service, fromWeb } = HttpServerRequest
    const fiber = run(Effect.provideService(steps.quote(accepted.success), Service, fromWeb(sent.request)))
    const exit = fiber.pollUnsafe()
    // The challenge is made at once, but another payment service may take its time.
    return exit === undefined
      ? new Promise((resolve) => fiber.addObserver((later) => resolve(respond(later))))
      : respond(exit)
  }) satisfies AnswerUnpaid
})

/** Returns the path of a POST without a credential to a plain host; `undefined` for other requests. */
const pathOfUnpaid = ({ request, url, headers }: SentRequest): string | undefined =>
  request.method === "POST" && !headers.has("authorization") && isPlainOrigin(url)
    ? url.slice(url.indexOf("/", "https://".length))
    : undefined

/** Takes the steps of the endpoint before its quote. Returns `undefined` for a defect, which the router answers and logs. */
const accept = (
  steps: UnpaidSteps,
  { request, headers }: SentRequest,
  body: Body
): Result.Result<ParsedRequest, Refused<object>> | undefined => {
  try {
    const parsed = readUnpaid(request, headers, body)
    if (Result.isFailure(parsed)) return parsed
    const decoded = steps.decode(parsed.success.bytes)
    return Result.isFailure(decoded) ? Result.fail(decoded.failure) : parsed
  } catch {
    return undefined
  }
}

// Refusals differ in their status and text only, and to make their headers takes as long as to make the text.
const refusals = new Map<number, ResponseInit>()

const answerRefusal = ({ status, fields }: Refusal): Response => {
  const init = refusals.get(status) ?? {
    status,
    headers: new Headers({ ...corsHeaders, "content-type": PROBLEM_TYPE })
  }
  refusals.set(status, init)
  return new Response(JSON.stringify(fields), init)
}

/** Makes a response of a text as `HttpServerResponse.toWeb` does, without a copy of its headers. */
const toResponse = (answer: HttpServerResponse.HttpServerResponse): Response => {
  const { body, status, headers } = answer
  return body._tag === "Uint8Array" && body.text !== undefined
    ? new Response(body.text, { status, headers })
    : HttpServerResponse.toWeb(answer)
}
