import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Busy, TooManyAttempts } from "../domain/Errors.ts"
import type { Budget, AttemptEnd } from "./Attempts.ts"

/** Identifies an attempt. */
export interface AttemptId {
  /** The payer's address, in lower case. */
  readonly payer: string
  /** The challenge that the attempt answers. */
  readonly id: string
  readonly budget: Budget
}

/**
 * Stores facts about each payer beyond one order: so far, the failed attempts to buy or update something. Failed attempts cost
 * the payer nothing, so this service limits them.
 */
export class Payers extends Context.Service<
  Payers,
  {
    /** Begins an attempt, before any work for it. */
    readonly begin: (attempt: AttemptId) => Effect.Effect<void, TooManyAttempts | Busy>
    /**
     * Stores an attempt before a build. From now on it counts, even after a crash. Returns the number of the payer's failed
     * attempts within an hour.
     */
    readonly keep: (attempt: AttemptId) => Effect.Effect<number, TooManyAttempts | Busy>
    /** Ends an attempt. Never fails: no paid work depends on it, and an attempt without an end expires. */
    readonly end: (attempt: AttemptId, how: AttemptEnd) => Effect.Effect<void>
  }
>()("mpp-compute/payers/Payers") {}
