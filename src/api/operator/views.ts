import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { deploymentIdOf } from "../../control-plane/slug.ts"
import { parseId } from "../../domain/DeploymentId.ts"
import { InvalidRequest, NotFound } from "../../domain/Errors.ts"
import { Settings } from "../../config.ts"
import { isCursor } from "../../payers/page.ts"
import { Payers } from "../../payers/Payers.ts"
import { Orders } from "../../orders/Orders.ts"
import { type Listing, Records } from "../../records/Records.ts"
import { type Kind, MAX_REPORTS } from "../../records/rows.ts"
import { siteHost } from "../reports/decode-report.ts"

/** Rows on a page. */
const PAGE_ROWS = 50

/** Rows that one answer counts at most, which is what one call of KV lists. */
const COUNT_LIMIT = 1000

const invalidCursor = () =>
  new InvalidRequest({ detail: "cursor is not one of this list. Send the cursor of the answer before, unchanged." })

const list = <K extends Kind>(kind: K, listing: Listing) =>
  Effect.flatMap(Records, ({ list }) => list(kind, listing)).pipe(Effect.catchTag("InvalidCursor", invalidCursor))

/** Lists rows of a kind from a cursor on. */
export const listRows = <K extends Kind>(kind: K, cursor: string | undefined) =>
  list(kind, { limit: PAGE_ROWS, ...(cursor !== undefined && { cursor }) })

/**
 * Lists rows whose keys are not in the order of time: the newest first. All that KV lists at once are sorted, which in practice are all
 * that there are.
 */
export const listNewest = <K extends "owed" | "report">(kind: K, cursor: string | undefined) =>
  Effect.map(list(kind, { limit: COUNT_LIMIT, ...(cursor !== undefined && { cursor }) }), ({ rows, cursor }) => ({
    rows: newestFirst(rows),
    cursor
  }))

const newestFirst = <A extends { readonly at: number }>(rows: ReadonlyArray<A>): ReadonlyArray<A> =>
  rows.toSorted((one, other) => other.at - one.at)

const count = (kind: Kind) =>
  Effect.map(list(kind, { limit: COUNT_LIMIT }), ({ rows, cursor }) => ({
    count: rows.length,
    more: cursor !== null
  }))

/** Whether anything is sold: by the setting, and by the operator's switches, which are null if they cannot be read. */
const sales = Effect.gen(function* () {
  const { SALES } = yield* Settings
  const { state } = yield* Payers
  const switches = Option.getOrNull(yield* Effect.option(state))
  return { setting: SALES ?? "on", switches }
})

/** The first page of what is live, whether anything is sold, and how much is owed and reported. */
export const overview = (cursor: string | undefined) =>
  Effect.all(
    { sales, live: listRows("live", cursor), owed: count("owed"), reports: count("report") },
    { concurrency: "unbounded" }
  )

/** A payer: whether it is denied, and its deployments, newest first. */
export const payerView = Effect.fnUntraced(function* (address: string, cursor: string | undefined) {
  if (cursor !== undefined && !isCursor(cursor)) return yield* invalidCursor()
  const payer = address.toLowerCase()
  const { state, deployments } = yield* Payers
  const { denied } = yield* state
  const page = yield* deployments(payer, cursor)
  return {
    payer,
    denied: denied.find((one) => one.address === payer) ?? null,
    deployments: page.deployments,
    cursor: page.next
  }
})

/** A deployment: its state as its order knows it, and what was reported about it. */
export const deploymentView = Effect.fnUntraced(function* (id: string) {
  const details = yield* Effect.flatMap(Orders, (orders) => orders.inspect(id))
  if (details === undefined) return yield* new NotFound({ detail: "No such deployment." })
  return { ...details, reports: yield* reportsOf(id) }
})

const reportsOf = (id: string) =>
  Effect.flatMap(Records, ({ get }) =>
    Effect.map(
      Effect.forEach(
        Array.from({ length: MAX_REPORTS }, (_, slot) => slot),
        (slot) => get("report", { deployment_id: id, slot }),
        { concurrency: "unbounded" }
      ),
      (found) => newestFirst(found.flatMap(Option.toArray))
    )
  )

/** The result of a search. */
export type Found =
  | { readonly kind: "deployment"; readonly id: string }
  | { readonly kind: "payer"; readonly address: string }

/**
 * Finds what an id, a URL or an address names, without a search of all deployments: an id names its order, a URL its host name, under
 * which the records have the deployment while it is live, and the host its project by the slug.
 */
export const find = Effect.fnUntraced(function* (query: string) {
  const text = query.trim()
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return { kind: "payer", address: text.toLowerCase() } as const
  if (parseId(text) !== undefined) return { kind: "deployment", id: text } as const
  const id = yield* findByUrl(text)
  return id === undefined ? undefined : ({ kind: "deployment", id } as const)
})

/** Finds the deployment that serves, or served, at a URL. Also takes a host name alone. */
const findByUrl = Effect.fnUntraced(function* (url: string) {
  const host = siteHost(url)
  if (host === undefined) return undefined
  const records = yield* Records
  const known = Option.getOrUndefined(yield* records.findSite(host))
  if (known !== undefined) return known
  // Sites answer at {username}-{slug}, and a username has no hyphen.
  const slug = host.split(".")[0]?.split("-").slice(1).join("-") ?? ""
  if (slug === "") return undefined
  const project = Option.getOrUndefined(yield* Effect.flatMap(ControlPlaneClient, (host) => host.findBySlug(slug)))
  return project === undefined ? undefined : Option.getOrUndefined(deploymentIdOf(project.name))
})
