import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Busy, TooManyAttempts } from "../domain/Errors.ts"
import type { Budget, End } from "./Attempts.ts"

/** Names an attempt. */
export interface AttemptId {
  /** The payer's address, in lower case. */
  readonly payer: string
  /** The challenge that the attempt answers. */
  readonly id: string
  readonly budget: Budget
}

/**
 * Keeps facts about each payer, beyond one order. So far: the attempts to buy or to update something that came to
 * nothing. They are free for their payer, and this bounds them.
 */
export class Payers extends Context.Service<
  Payers,
  {
    /** Begins an attempt, before anything is done for it. */
    readonly begin: (attempt: AttemptId) => Effect.Effect<void, TooManyAttempts | Busy>
    /**
     * Keeps an attempt before something is built for it: from now on it counts, whatever crashes. Answers how many
     * attempts of its payer have failed within an hour.
     */
    readonly keep: (attempt: AttemptId) => Effect.Effect<number, TooManyAttempts | Busy>
    /** Ends an attempt. Never fails: nothing that is paid for depends on it, and an attempt that is not ended runs out. */
    readonly end: (attempt: AttemptId, how: End) => Effect.Effect<void>
  }
>()("mpp-compute/payers/Payers") {}
