import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Settings } from "../../config.ts"
import { Busy, Forbidden, MethodNotAllowed, NotFound } from "../../domain/Errors.ts"
import { discardBody } from "../request/body.ts"
import { prefersHtml } from "../request/content-negotiation.ts"
import { ACTIONS } from "./actions.ts"
import { formSecret, isForeign, isFormSecret, isOperator } from "./auth.ts"
import { securityHeaders } from "./pages/layout.ts"
import { problemPage } from "./pages/pages.ts"
import { readForm } from "./read-form.ts"
import { ROUTES } from "./routes.ts"

const page = (text: string, status = 200) =>
  HttpServerResponse.text(text, { status, contentType: "text/html; charset=utf-8" })

const json = (body: object, status = 200, contentType = "application/json") =>
  HttpServerResponse.jsonUnsafe(body, { status, headers: { "content-type": contentType } })

const seeOther = (location: string) => HttpServerResponse.empty({ status: 303, headers: { location } })

const unauthorized = () =>
  HttpServerResponse.setHeader(
    json(
      {
        type: "urn:mpp-compute:problem:unauthorized",
        title: "Unauthorized",
        status: 401,
        detail: "Sign in with HTTP Basic: the name operator, and the OPERATOR_TOKEN of this service as password.",
        code: "unauthorized",
        charged: false
      },
      401,
      "application/problem+json"
    ),
    "www-authenticate",
    'Basic realm="operator", charset="UTF-8"'
  )

const methodsOf = (path: string): ReadonlyArray<string> => [
  ...(ROUTES.some(({ pattern }) => pattern.test(path)) ? ["GET"] : []),
  ...(ACTIONS.some(({ pattern }) => pattern.test(path)) ? ["POST"] : [])
]

/** Answers a read: JSON for programs, a page for browsers. */
const read = Effect.fnUntraced(function* (url: URL, isPage: boolean, token: string) {
  for (const { pattern, load } of ROUTES) {
    const match = pattern.exec(url.pathname)
    if (match === null) continue
    const view = yield* load(match[1] ?? "", url.searchParams)
    if ("location" in view) return isPage ? seeOther(view.location) : json({ location: view.location })
    const now = yield* Clock.currentTimeMillis
    return isPage ? page(view.page((path) => formSecret(token, path, now))) : json(view.json)
  }
  return yield* new NotFound({ detail: `There is nothing at ${url.pathname}.` })
})

/** Does an action. The log says what was asked for and whether it was done. */
const act = Effect.fnUntraced(function* (request: Request, url: URL, token: string) {
  const { PUBLIC_ORIGIN } = yield* Settings
  const origins = PUBLIC_ORIGIN === undefined ? [url.origin] : [url.origin, PUBLIC_ORIGIN]
  if (isForeign(request.headers, origins)) {
    yield* Effect.annotateLogs(Effect.logWarning("operator"), { action: "refused a foreign page", path: url.pathname })
    return yield* new Forbidden({ detail: "A page of another site has sent this. Nothing was done." })
  }
  const form = yield* readForm(request)
  const now = yield* Clock.currentTimeMillis
  if (form.isPage && !isFormSecret(form.secret, token, url.pathname, now)) {
    return yield* new Forbidden({
      detail: "The form is too old, or of another page. Nothing was done. Load its page again."
    })
  }
  for (const { name, pattern, needsReason, run, back } of ACTIONS) {
    const match = pattern.exec(url.pathname)
    if (match === null) continue
    const target = match[1] ?? ""
    const why = needsReason ? yield* form.reason : ""
    const done = yield* run(target, why).pipe(
      Effect.onExit((exit) =>
        Effect.annotateLogs(Effect.logWarning("operator"), {
          action: name,
          ...(target !== "" && { target }),
          ...(why !== "" && { reason: why }),
          outcome: exit._tag
        })
      )
    )
    return form.isPage ? seeOther(back(target)) : json(done)
  }
  return yield* new NotFound({ detail: `There is nothing at ${url.pathname}.` })
})

/** Answers a request of the operator, who has signed in. */
const handle = Effect.fnUntraced(function* (request: Request, url: URL, isPage: boolean, token: string) {
  const { method } = request
  const methods = methodsOf(url.pathname)
  if (method === "GET" && methods.includes("GET")) return yield* read(url, isPage, token)
  if (method === "POST" && methods.includes("POST")) return yield* act(request, url, token)
  if (methods.length === 0) return yield* new NotFound({ detail: `There is nothing at ${url.pathname}.` })
  return yield* new MethodNotAllowed({ detail: `${url.pathname} takes ${methods.join(", ")}, not ${method}.` })
})

/**
 * Answers a request of the operator. All paths ask for the password first, so that nobody else learns which of them exist.
 */
export const answer = Effect.fn("Operator.answer")(function* (request: Request, token: string) {
  const url = new URL(request.url)
  const isPage = prefersHtml(request.headers.get("accept"))
  const signedIn = isOperator(request.headers.get("authorization") ?? undefined, token)
  const answered = signedIn ? handle(request, url, isPage, token) : Effect.succeed(unauthorized())
  return yield* answered.pipe(
    Effect.catchTags({
      RecordsUnavailable: unavailable,
      ControlPlaneRefused: unavailable,
      ControlPlaneUnavailable: unavailable
    }),
    Effect.catch((error) =>
      isPage
        ? Effect.succeed(page(problemPage(error.title, error.detail ?? error.title), error.status))
        : HttpServerRespondable.toResponse(error)
    ),
    // An answer that is sent before the body was read breaks the connection instead of arriving.
    Effect.tap(() => (request.bodyUsed ? Effect.void : discardBody(request))),
    Effect.map((response) =>
      HttpServerResponse.setHeaders(response, {
        ...securityHeaders(),
        ...(response.status === 405 && { allow: methodsOf(url.pathname).join(", ") })
      })
    )
  )
})

const unavailable = ({ message }: { readonly message: string }) =>
  new Busy({ detail: `Not available at the moment: ${message}`, retry_after: 5 })
