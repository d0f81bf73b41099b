import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { InvalidRequest, NotFound } from "../../domain/Errors.ts"
import { payerPage } from "./pages/payer.ts"
import type { FormSecret } from "./pages/forms.ts"
import { deploymentPage, overviewPage, owedPage, reportsPage, soldPage } from "./pages/pages.ts"
import type { OperatorError, OperatorServices } from "./OperatorServices.ts"
import { patternOf } from "./patterns.ts"
import { soldView } from "./sales.ts"
import { deploymentView, find, listNewest, overview, payerView } from "./views.ts"

/** An answer to a program, and the same as a page; or where to look instead. */
export type View =
  | { readonly json: object; readonly page: (secret: FormSecret) => string }
  | { readonly location: string }

/** A path that is read. */
interface RouteOptions {
  /** The path, as in the OpenAPI document. */
  readonly path: string
  /** Its name in the document. */
  readonly name: string
  /** Its query parameters, with their meaning. */
  readonly query?: Readonly<Record<string, string>>
}

/** A path that is read, and its pattern. */
export interface Route extends RouteOptions {
  readonly pattern: RegExp
  readonly load: (part: string, query: URLSearchParams) => Effect.Effect<View, OperatorError, OperatorServices>
}

const cursorOf = (query: URLSearchParams) => query.get("cursor") ?? undefined
const CURSOR = { cursor: "The cursor of the answer before." }

/** The most days of sales in one answer. */
const MAX_DAYS = 31

const route = <A extends object>(
  options: RouteOptions,
  load: (part: string, query: URLSearchParams) => Effect.Effect<A, OperatorError, OperatorServices>,
  page: (view: A, secret: FormSecret) => string
): Route => ({
  ...options,
  pattern: patternOf(options.path),
  load: (part, query) => Effect.map(load(part, query), (json): View => ({ json, page: (secret) => page(json, secret) }))
})

const search: Route = {
  path: "/operator/find",
  name: "Where the deployment or the payer is that a text names",
  query: { q: "A deployment's id, an address of it, or a payer's address." },
  pattern: patternOf("/operator/find"),
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

const sold = Effect.fnUntraced(function* (_: string, query: URLSearchParams) {
  const days = Number(query.get("days") ?? 7)
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS) {
    return yield* new InvalidRequest({ detail: `days must be a whole number from 1 to ${MAX_DAYS}.` })
  }
  return { days: yield* soldView(days, yield* Clock.currentTimeMillis) }
})

/** Every path that is read. */
export const ROUTES: ReadonlyArray<Route> = [
  route(
    {
      path: "/operator",
      name: "What is live, with the newest first, and how much is owed and reported",
      query: CURSOR
    },
    (_, query) => overview(cursorOf(query)),
    overviewPage
  ),
  search,
  route(
    { path: "/operator/deployments/{deployment_id}", name: "A deployment, its payer and its reports" },
    deploymentView,
    deploymentPage
  ),
  route(
    { path: "/operator/payers/{payer}", name: "A payer and its deployments, with the newest first", query: CURSOR },
    (address, query) => payerView(address, cursorOf(query)),
    payerPage
  ),
  route(
    {
      path: "/operator/owed",
      name: "Payments that their payers have nothing for, and why, with the newest first",
      query: CURSOR
    },
    (_, query) => listNewest("owed", cursorOf(query)),
    owedPage
  ),
  route(
    { path: "/operator/sold", name: "Sales by day and token", query: { days: "From 1 to 31, the newest first." } },
    sold,
    soldPage
  ),
  route(
    { path: "/operator/reports", name: "The reports, with the newest first", query: CURSOR },
    (_, query) => listNewest("report", cursorOf(query)),
    reportsPage
  )
]
