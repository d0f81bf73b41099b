import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { InvalidRequest, NotFound } from "../../domain/Errors.ts"
import { deploymentPage, type FormSecret, overviewPage, owedPage, reportsPage, soldPage } from "./pages/pages.ts"
import type { OperatorError, OperatorServices } from "./OperatorServices.ts"
import { deploymentView, find, listRows, overview, soldView } from "./views.ts"

/** An answer to a program, and the same as a page; or where to look instead. */
export type View =
  | { readonly json: object; readonly page: (secret: FormSecret) => string }
  | { readonly location: string }

/** A path that is read. */
interface Route {
  readonly pattern: RegExp
  readonly load: (part: string, query: URLSearchParams) => Effect.Effect<View, OperatorError, OperatorServices>
}

const cursorOf = (query: URLSearchParams) => query.get("cursor") ?? undefined

/** The most days of sales in one answer. */
const MAX_DAYS = 31

const route = <A extends object>(
  pattern: RegExp,
  load: (part: string, query: URLSearchParams) => Effect.Effect<A, OperatorError, OperatorServices>,
  page: (view: A, secret: FormSecret) => string
): Route => ({
  pattern,
  load: (part, query) => Effect.map(load(part, query), (json): View => ({ json, page: (secret) => page(json, secret) }))
})

const search: Route = {
  pattern: /^\/operator\/find$/,
  load: Effect.fnUntraced(function* (_, query) {
    const text = query.get("q") ?? ""
    if (text.trim() === "" || text.length > 300) {
      return yield* new InvalidRequest({ detail: "q must be a deployment's id, its URL, or a payer's address." })
    }
    const found = yield* find(text)
    if (found === undefined) {
      return yield* new NotFound({ detail: "There is no deployment of that id or URL, and it is no payer's address." })
    }
    return {
      location: found.kind === "payer" ? `/operator/payers/${found.address}` : `/operator/deployments/${found.id}`
    }
  })
}

/** Every path that is read. */
export const ROUTES: ReadonlyArray<Route> = [
  route(/^\/operator$/, (_, query) => overview(cursorOf(query)), overviewPage),
  search,
  route(/^\/operator\/deployments\/(dep_[0-9a-z]{1,60})$/, deploymentView, deploymentPage),
  route(/^\/operator\/owed$/, (_, query) => listRows("owed", cursorOf(query)), owedPage),
  route(/^\/operator\/reports$/, (_, query) => listRows("report", cursorOf(query)), reportsPage),
  route(
    /^\/operator\/sold$/,
    Effect.fnUntraced(function* (_, query) {
      const days = Number(query.get("days") ?? 7)
      if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS) {
        return yield* new InvalidRequest({ detail: `days must be a whole number from 1 to ${MAX_DAYS}.` })
      }
      return { days: yield* soldView(days, yield* Clock.currentTimeMillis) }
    }),
    soldPage
  )
]
