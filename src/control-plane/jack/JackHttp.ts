import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { requireSettings, Settings } from "../../config.ts"
import { ControlPlaneRefused, ControlPlaneUnavailable } from "../errors.ts"
import { withholdIn } from "../withhold.ts"
import { errorOf } from "./wire.ts"

/**
 * An answer other than 2xx. `code` is the `error` of its JSON body, or empty if there is none. `message` is whole, so that secrets
 * can be found in it; `toControlPlaneError` and `redact` cut it.
 */
export interface Rejection {
  readonly _tag: "Rejection"
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Retries take less than a second. In a longer outage the order's alarm retries. */
const RETRY = { times: 2, schedule: Schedule.exponential("200 millis") }

const MESSAGE_MAX_LENGTH = 300

/** Removes Jack's tokens from text for logs and answers, because an error may quote one. Then cuts the text. */
export const redact = (text: string) => text.replace(/jkt_\w+/gi, "jkt_<redacted>").slice(0, MESSAGE_MAX_LENGTH)

/**
 * Turns a rejection into an error. After a 5xx or a proxy's 408 the outcome is unknown. Every other status is a definite
 * refusal.
 *
 * @param secrets values of the request that no error may contain, by their names.
 */
export const toControlPlaneError = (
  { status, message: whole }: Rejection,
  secrets: Readonly<Record<string, string>> = {}
) => {
  const message = redact(withholdIn(whole, secrets))
  return status >= 500 || status === 408
    ? new ControlPlaneUnavailable({ message })
    : new ControlPlaneRefused({ status, message })
}

/** Limits the time of a call. After a timeout its outcome is unknown. */
export const withTimeout =
  (duration: `${number} seconds`, call: string) =>
  <A, E>(self: Effect.Effect<A, E>) =>
    Effect.timeoutOrElse(self, {
      duration,
      orElse: () =>
        Effect.fail(new ControlPlaneUnavailable({ message: `the control plane did not finish ${call} in ${duration}` }))
    })

const noAnswer = (call: string, error: HttpClientError.HttpClientError) => {
  const cause = error.cause instanceof Error ? error.cause.message : error.reason._tag
  return new ControlPlaneUnavailable({ message: redact(`the control plane did not answer ${call}: ${cause}`) })
}

/** Repeats a call if its outcome is unknown, because it is safe to repeat. */
const idempotent = <A>(
  call: Effect.Effect<A, Rejection | ControlPlaneUnavailable>
): Effect.Effect<A, ControlPlaneRefused | ControlPlaneUnavailable> =>
  call.pipe(
    Effect.catchTag("Rejection", (rejection) => Effect.fail(toControlPlaneError(rejection))),
    Effect.retry({ ...RETRY, while: (error) => error._tag === "ControlPlaneUnavailable" })
  )

/** The path of a project's calls. */
export const projectPath = (projectId: string) => `/v1/projects/${encodeURIComponent(projectId)}`

/** Makes a client of Jack's API. It adds URL and token, reads errors, and repeats idempotent requests. */
export const makeJackHttp = Effect.gen(function* () {
  const settings = yield* Settings
  const http = yield* HttpClient.HttpClient

  /** Sends one request once, and returns an answer of 2xx. The URL is a path. */
  const send = Effect.fnUntraced(function* (
    outgoing: HttpClientRequest.HttpClientRequest
  ): Effect.fn.Return<HttpClientResponse.HttpClientResponse, Rejection | ControlPlaneUnavailable> {
    const call = `${outgoing.method} ${outgoing.url}`
    const values = yield* requireSettings(settings, "CONTROL_PLANE_URL", "CONTROL_PLANE_TOKEN")
    const response = yield* outgoing.pipe(
      HttpClientRequest.prependUrl(values.CONTROL_PLANE_URL),
      HttpClientRequest.bearerToken(values.CONTROL_PLANE_TOKEN),
      http.execute,
      // A followed redirect would turn a POST into a GET, and could carry the token to another host.
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Effect.mapError((error) => noAnswer(call, error))
    )
    const { status } = response
    if (status >= 200 && status <= 299) return response
    const { code, message } = errorOf(yield* Effect.orElseSucceed(response.text, () => ""))
    const words = message === "" ? `HTTP ${status} from ${call}` : message
    return yield* Effect.fail<Rejection>({ _tag: "Rejection", status, code, message: words })
  })

  /** Sends one request once, and decodes its answer. The URL is a path. */
  const request = Effect.fnUntraced(function* <A, E>(
    outgoing: HttpClientRequest.HttpClientRequest,
    decode: (body: string) => Effect.Effect<A, E>
  ): Effect.fn.Return<A, Rejection | ControlPlaneUnavailable> {
    const call = `${outgoing.method} ${outgoing.url}`
    const response = yield* send(HttpClientRequest.acceptJson(outgoing))
    const body = yield* Effect.mapError(response.text, (error) => noAnswer(call, error))
    return yield* Effect.mapError(
      decode(body),
      () => new ControlPlaneUnavailable({ message: `the control plane's answer to ${call} cannot be decoded` })
    )
  })

  /** Opens a stream of this type. Its bytes have no time limit. */
  const open = Effect.fnUntraced(function* (path: string, type: string) {
    const response = yield* send(HttpClientRequest.accept(HttpClientRequest.get(path), type))
    const body = Option.getOrUndefined(HttpClientResponse.toWeb(response))?.body ?? undefined
    if (body === undefined || response.headers["content-type"]?.startsWith(type) !== true) {
      return yield* new ControlPlaneUnavailable({ message: `the control plane's answer to GET ${path} is no ${type}` })
    }
    return body
  })

  /** Sends a request that is safe to repeat, and repeats it if its outcome is unknown. */
  const requestIdempotent = <A, E>(
    outgoing: HttpClientRequest.HttpClientRequest,
    decode: (body: string) => Effect.Effect<A, E>
  ): Effect.Effect<A, ControlPlaneRefused | ControlPlaneUnavailable> => idempotent(request(outgoing, decode))

  /** Reads the bytes of an answer of JSON as they come. Opening is repeated; an answer that breaks off is an error. */
  const readBytes = (path: string): Stream.Stream<Uint8Array, ControlPlaneRefused | ControlPlaneUnavailable> => {
    const call = `GET ${path}`
    return send(HttpClientRequest.acceptJson(HttpClientRequest.get(path))).pipe(
      idempotent,
      Effect.map(({ stream }) => Stream.mapError(stream, (error) => noAnswer(call, error))),
      Stream.unwrap
    )
  }

  return { request, requestIdempotent, open, readBytes }
})

/** A client of Jack's API. */
export type JackHttp = Effect.Success<typeof makeJackHttp>
