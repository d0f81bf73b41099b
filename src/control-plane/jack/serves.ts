import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { ControlPlaneUnavailable } from "../errors.ts"
import { redact, withTimeout } from "./JackHttp.ts"

/** The statuses of the host's own answers. Code may answer with them, too: then the body decides. */
const HOST_STATUSES = [404, 503]

/**
 * The host's own answers for a site: Jack's dispatcher knows no such project, or has the placeholder of one without an upload.
 * The local hosting answers the same.
 */
const HOST_WORDS = /^\s*\{\s*"error"\s*:\s*"(Project (not found|not available|is being set up)|Unknown hostname)/

/** Cloudflare's own errors on the way to a site: statuses from 520 to 530, or a body such as "error code: 1042". */
const isPlatformStatus = (status: number): boolean => status >= 520 && status <= 530
const PLATFORM_WORDS = /^\s*error code: \d{3,4}/

/** The time limit of a question. */
const SITE_TIMEOUT = "5 seconds"

/** The most characters of a body that are compared. */
const MAX_WORDS = 200

/**
 * Asks a site by HEAD whether its code answers. Only for the statuses of the host's own answers it reads the body by GET, because
 * an answer to HEAD has none. Redirects are answers, and are not followed.
 */
export const makeServes = Effect.map(HttpClient.HttpClient, (http) => {
  const send = (request: HttpClientRequest.HttpClientRequest) =>
    http.execute(request).pipe(
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Effect.mapError(
        (error) => new ControlPlaneUnavailable({ message: redact(`the site did not answer: ${error.message}`) })
      )
    )
  const notAsked = (words: string) => new ControlPlaneUnavailable({ message: `the site could not be asked: ${words}` })
  const ask = Effect.fnUntraced(function* (url: string) {
    const { status } = yield* send(HttpClientRequest.head(url))
    if (isPlatformStatus(status)) return yield* notAsked(`HTTP ${status}`)
    if (!HOST_STATUSES.includes(status)) return true
    const response = yield* send(HttpClientRequest.get(url))
    if (!HOST_STATUSES.includes(response.status)) return true
    const body = (yield* Effect.orElseSucceed(response.text, () => "")).slice(0, MAX_WORDS)
    if (PLATFORM_WORDS.test(body)) return yield* notAsked(redact(body))
    return !HOST_WORDS.test(body)
  })
  return Effect.fn("ControlPlaneClient.serves")((url: string) => withTimeout(SITE_TIMEOUT, `HEAD ${url}`)(ask(url)))
})
