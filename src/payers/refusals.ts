import * as Effect from "effect/Effect"
import { Denied, SalesPaused, TooManyAttempts, TooManyDeployments } from "../domain/Errors.ts"
import { sentence } from "../domain/sentence.ts"
import { type LimitCheck, type Budget, MAX_FAILURES_PER_HOUR } from "./Attempts.ts"
import type { PayerSwitches } from "./SwitchesSql.ts"

/** Returns the number of failed attempts, or refuses. The refusal tells the client what is wrong and when to retry. */
export const failuresOrRefusal = (check: LimitCheck, budget: Budget): Effect.Effect<number, TooManyAttempts> => {
  const { refused, retryAfter, failures } = check
  if (refused === null) return Effect.succeed(failures)
  const [what, state] =
    budget === "purchase" ? ["attempts to pay", "Nothing was charged."] : ["updates", "The deployment is as it was."]
  const why =
    refused === "failed"
      ? `${MAX_FAILURES_PER_HOUR} ${what} by this payer have failed within an hour.`
      : `Too many ${what} by this payer are in progress; send one after the other.`
  return Effect.fail(
    new TooManyAttempts({
      detail: `${why} ${state} Try again in ${retryAfter} seconds.`,
      charged: budget === "update",
      retry_after: retryAfter
    })
  )
}

/** A client should ask again after this time whether sales are on, in seconds. */
const PAUSED_RETRY_SECONDS = 60

/** The answer while nothing is sold to anybody. `reason` is the operator's, if there is one. */
export const salesPaused = (reason?: string): SalesPaused =>
  new SalesPaused({
    detail:
      `The operator has paused sales${reason ? `: ${sentence(reason)}` : "."} Nothing was charged. Orders that are paid for are served; updates, ` +
      "logs and deletes work. Try again later.",
    retry_after: PAUSED_RETRY_SECONDS
  })

/** Fails if the operator's switches forbid a new purchase of this payer. */
export const refuseSwitched = ({ denied, paused }: PayerSwitches): Effect.Effect<void, Denied | SalesPaused> => {
  if (denied !== null) {
    const detail =
      `The operator sells nothing to this payer: ${sentence(denied.reason)} Nothing was charged. Orders that are paid for are served; ` +
      "updates, logs and deletes work."
    return Effect.fail(new Denied({ detail }))
  }
  return paused === null ? Effect.void : Effect.fail(salesPaused(paused.reason))
}

/** A payer who has as many deployments as one may have. */
export interface Full {
  /** When the first of the live ones ends: `2026-03-27T21:00:00Z`; null while none is live yet. */
  readonly endsAt: string | null
}

/** Fails if the payer has `max` deployments. `now` in unix milliseconds. */
export const refuseFull = (full: Full | null, max: number, now: number): Effect.Effect<void, TooManyDeployments> => {
  if (full === null) return Effect.void
  const { endsAt } = full
  const wait = endsAt === null ? 0 : Math.ceil((Date.parse(endsAt) - now) / 1000)
  return Effect.fail(
    new TooManyDeployments({
      detail:
        `This payer has ${max} deployments, and one payer may have ${max} at once. Nothing was charged. ` +
        `${endsAt === null ? "None is live yet." : `The next one ends at ${endsAt}.`} Wait, or DELETE one, which is free; GET /deployments lists them.`,
      ends_at: endsAt,
      retry_after: Math.max(wait, FULL_RETRY_SECONDS)
    })
  )
}

/** A place may come free at any time, because a purchase that is being made may fail. */
const FULL_RETRY_SECONDS = 5
