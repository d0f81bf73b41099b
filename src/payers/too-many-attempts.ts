import * as Effect from "effect/Effect"
import { TooManyAttempts } from "../domain/Errors.ts"
import { type LimitCheck, type Budget, MAX_FAILURES_PER_HOUR } from "./Attempts.ts"

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
