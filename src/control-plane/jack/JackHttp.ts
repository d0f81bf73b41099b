import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schedule from "effect/Schedule"
import { requireSettings, Settings } from "../../config.ts"
import { ControlPlaneRefused, ControlPlaneUnavailable } from "../errors.ts"
import { errorOf } from "./wire.ts"

/** An answer other than 2xx. `code` is the `error` of its JSON body, empty where it has none. */
export interface Rejection {
  readonly _tag: "Rejection"
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Over within a second: a longer outage is for the order's alarm to outlast. */
const RETRY = { times: 2, schedule: Schedule.exponential("200 millis") }

const MESSAGE_MAX_LENGTH = 300

/** Removes tokens from text to log or tell (any of Jack's, should an error quote one), then cuts it. */
export const speakable = (text: string) => text.replace(/jkt_\w+/gi, "jkt_<redacted>").slice(0, MESSAGE_MAX_LENGTH)

/** A 5xx says nothing about what happened before it, nor does a proxy's 408. Any other status is a definite no. */
export const meaning = ({ status, message }: Rejection) =>
  status >= 500 || status === 408
    ? new ControlPlaneUnavailable({ message })
    : new ControlPlaneRefused({ status, message })

/** Bounds a call in time. What it did when the time is up is unknown. */
export const within =
  (duration: `${number} seconds`, call: string) =>
  <A, E>(self: Effect.Effect<A, E>) =>
    Effect.timeoutOrElse(self, {
      duration,
      orElse: () =>
        Effect.fail(new ControlPlaneUnavailable({ message: `the control plane did not finish ${call} in ${duration}` }))
    })

const lost = (call: string, error: HttpClientError.HttpClientError) => {
  const cause = error.cause instanceof Error ? error.cause.message : error.reason._tag
  return new ControlPlaneUnavailable({ message: speakable(`the control plane did not answer ${call}: ${cause}`) })
}

/** How Jack's API is called: where, on whose behalf, what an answer means and what may be repeated. */
export const makeJackHttp = Effect.gen(function* () {
  const settings = yield* Settings
  const http = yield* HttpClient.HttpClient

  /** One request, whose URL is a path. Nothing is repeated. */
  const ask = Effect.fnUntraced(function* <A, E>(
    request: HttpClientRequest.HttpClientRequest,
    decode: (body: string) => Effect.Effect<A, E>
  ): Effect.fn.Return<A, Rejection | ControlPlaneUnavailable> {
    const call = `${request.method} ${request.url}`
    const values = yield* requireSettings(settings, "CONTROL_PLANE_URL", "CONTROL_PLANE_TOKEN")
    const response = yield* request.pipe(
      HttpClientRequest.prependUrl(values.CONTROL_PLANE_URL),
      HttpClientRequest.bearerToken(values.CONTROL_PLANE_TOKEN),
      HttpClientRequest.acceptJson,
      http.execute,
      // A followed redirect would turn a POST into a GET, and could carry the token to another host.
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Effect.mapError((error) => lost(call, error))
    )
    const { status } = response
    if (status < 200 || status > 299) {
      const { code, message } = errorOf(yield* Effect.orElseSucceed(response.text, () => ""))
      const words = message === "" ? `HTTP ${status} from ${call}` : message
      return yield* Effect.fail<Rejection>({ _tag: "Rejection", status, code, message: speakable(words) })
    }
    const body = yield* Effect.mapError(response.text, (error) => lost(call, error))
    return yield* Effect.mapError(
      decode(body),
      () => new ControlPlaneUnavailable({ message: `the control plane's answer to ${call} makes no sense` })
    )
  })

  /** A request that does no harm when repeated: it is, when its outcome is unknown. */
  const askAgain = <A, E>(
    request: HttpClientRequest.HttpClientRequest,
    decode: (body: string) => Effect.Effect<A, E>
  ): Effect.Effect<A, ControlPlaneRefused | ControlPlaneUnavailable> =>
    ask(request, decode).pipe(
      Effect.catchTag("Rejection", (rejection) => Effect.fail(meaning(rejection))),
      Effect.retry({ ...RETRY, while: (error) => error._tag === "ControlPlaneUnavailable" })
    )

  return { ask, askAgain }
})
