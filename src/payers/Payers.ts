import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Busy, TooManyAttempts } from "../domain/Errors.ts"
import type { Notice } from "../domain/Status.ts"
import type { Budget, AttemptEnd } from "./Attempts.ts"
import type { DeploymentPage } from "./page.ts"

/** Identifies an attempt. */
export interface AttemptId {
  /** The payer's address, in lower case. */
  readonly payer: string
  /** The challenge that the attempt answers. */
  readonly id: string
  readonly budget: Budget
}

/** A request of a payer who has proved an address. */
export interface ListRequest {
  /** The payer's address, in lower case. */
  readonly payer: string
  /** The challenge that the proof answers. */
  readonly challengeId: string
  /** The `next` of another page; absent for the first. */
  readonly cursor: string | undefined
}

/**
 * Stores facts about each payer beyond one order: failed attempts to buy or update something, which cost the payer nothing and so
 * are limited, and the payer's deployments. The orders know the truth about each deployment, and tell it again until it is taken.
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
    /** Takes a notice of a deployment. Taking one again, or an older one, changes nothing. */
    readonly record: (notice: Notice) => Effect.Effect<void, Busy>
    /** Spends the proof and lists the payer's deployments, newest first; `undefined` for a proof that was spent before. */
    readonly list: (request: ListRequest) => Effect.Effect<DeploymentPage | undefined, Busy>
  }
>()("mpp-compute/payers/Payers") {}
