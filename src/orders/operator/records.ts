import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Settings } from "../../config.ts"
import { hoursMs } from "../../domain/Order.ts"
import { Records, type RecordsUnavailable } from "../../records/Records.ts"
import type { OwedRow, SaleRow } from "../../records/rows.ts"
import { expiryOf, isDeleted, type Purchase, statusLinks } from "../purchase/Purchase.ts"

/** A refund that KV does not take is written again so often, after 1 s, 2 s, 4 s and so on: KV takes one write a second for each key. */
const REFUND_RETRIES = 6

/** Does a write of a record. Never fails, because no decision reads the records. */
const writeRecord = (id: string, write: Effect.Effect<void, RecordsUnavailable, Records>) =>
  write.pipe(
    Effect.catch(({ message }) => Effect.logWarning("a record was not written", id, message)),
    Effect.catchDefect((defect) => Effect.logError("a defect while writing a record", id, defect))
  )

/** Does it in the background. */
const inBackground = (id: string, write: Effect.Effect<void, RecordsUnavailable, Records>) =>
  startRecord(writeRecord(id, write))

/** Begins a write of a record, and waits for nothing. */
export const startRecord = <R>(write: Effect.Effect<void, never, R>) =>
  Effect.asVoid(Effect.forkDetach(write, { startImmediately: true }))

/** The sale of a purchase, as its row. */
const saleOf = ({ id, operation, payer, authorization, price, createdAt }: Purchase) =>
  Effect.map(Settings, ({ TEMPO_CURRENCIES }): SaleRow => ({
    id,
    operation,
    payer,
    amount: price ?? null,
    // Payments of earlier releases do not say it. There was one token.
    token: authorization.currency ?? TEMPO_CURRENCIES?.[0]?.address ?? null,
    reference: authorization.reference,
    at: createdAt
  }))

/** Records that the chain has taken a payment. */
export const recordSale = Effect.fnUntraced(function* (purchase: Purchase) {
  const sale = yield* saleOf(purchase)
  yield* inBackground(
    purchase.id,
    Effect.flatMap(Records, ({ put }) => put("sale", sale))
  )
})

/**
 * Records that a payment's payer has nothing for it, and why. An order whose work ends with that waits for the record and saves its
 * end afterwards: if its process dies in between, it does both again.
 */
export const recordOwed = Effect.fnUntraced(function* (purchase: Purchase, owed: Pick<OwedRow, "state" | "why">) {
  const sale = yield* saleOf(purchase)
  const { deployment_id } = statusLinks(purchase)
  const write = Effect.flatMap(Records, ({ put }) => put("owed", { ...sale, deployment_id, ...owed }))
  const logLoss = ({ message }: RecordsUnavailable) =>
    Effect.logError("owed: a record was not written", purchase.id, sale.reference, owed.why, message)
  // A refund is the last word about a payment, so a late write overwrites nothing newer. Nobody waits for it.
  const later = write.pipe(
    Effect.retry({ schedule: Schedule.exponential("2 seconds"), times: REFUND_RETRIES - 1 }),
    Effect.delay("1 second"),
    Effect.catch(logLoss)
  )
  yield* writeRecord(
    purchase.id,
    Effect.catch(write, (error) => (owed.state === "refund" ? inBackground(purchase.id, later) : logLoss(error)))
  )
})

/** Records that a payment's payer has got what it bought. */
export const settleOwed = ({ id }: Pick<Purchase, "id">) =>
  inBackground(
    id,
    Effect.flatMap(Records, ({ remove }) => remove("owed", { id }))
  )

/** Records a payment as owed if its deployment was taken down before it was live. */
export const recordUnwanted = (purchase: Purchase) =>
  purchase.takedown === undefined
    ? Effect.void
    : recordOwed(purchase, { state: "refund", why: `Taken down before it was live: ${purchase.takedown.reason}` })

/**
 * Records what was captured and gives nothing any more because of the takedown: a deploy that was not live, or renewals whose hours
 * had not begun. A deployment that its payer had deleted before gave all that was paid for.
 */
export const recordLoss = (purchase: Purchase) => {
  const { state, takedown, deletedAt } = purchase
  if (state === "captured") return recordUnwanted(purchase)
  return state === "delivered" && deletedAt === takedown?.at && deletedAt !== undefined
    ? recordUnused(purchase, deletedAt)
    : Effect.void
}

/**
 * Records the renewals of a deployment that was taken down before their hours have begun. The paid times follow one another, so the last
 * renewal ends when the deployment would have. `now` in unix milliseconds.
 */
const recordUnused = Effect.fnUntraced(function* (purchase: Purchase, now: number) {
  const { id, renewals = [], takedown } = purchase
  let end = expiryOf(purchase) ?? now
  for (const { reference, hours, payer, price, currency, at, ...renewal } of renewals.toReversed()) {
    const start = end - hoursMs(hours)
    end = start
    if (start < now) return
    const sold = { ...purchase, id: renewal.id, operation: "renew" as const, createdAt: at, renews: { id, hours } }
    const paid = {
      payer: payer ?? "",
      authorization: { ...purchase.authorization, reference, ...(currency !== undefined && { currency }) }
    }
    yield* recordOwed(
      { ...sold, ...paid, ...(price !== undefined && { price }) },
      { state: "refund", why: `The deployment was taken down before the renewal's hours: ${takedown?.reason}` }
    )
  }
})

/** Records that a deployment is live, and until when. */
export const recordLive = (purchase: Purchase) => {
  const { id, payer, createdAt, answer } = purchase
  const expiresAt = expiryOf(purchase)
  if (answer === null || !("url" in answer) || expiresAt === null || isDeleted(purchase)) return Effect.void
  const row = { deployment_id: id, url: answer.url, payer, created_at: createdAt, expires_at: expiresAt }
  return inBackground(
    id,
    Effect.flatMap(Records, ({ put }) => put("live", row))
  )
}

/** Records that a deployment has ended. */
export const recordEnd = ({ id, createdAt }: Pick<Purchase, "id" | "createdAt">) =>
  inBackground(
    id,
    Effect.flatMap(Records, ({ remove }) => remove("live", { deployment_id: id, created_at: createdAt }))
  )
