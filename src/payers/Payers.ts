import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Busy, Denied, SalesPaused, TooManyAttempts, TooManyDeployments } from "../domain/Errors.ts"
import type { Notice } from "../domain/Status.ts"
import type { Budget, AttemptEnd } from "./Attempts.ts"
import type { DeploymentPage } from "./page.ts"
import type { SalesState } from "./SwitchesSql.ts"

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

/** The place of a deployment that is being bought, among those of its payer. */
export interface Place {
  /** The payer's address, in lower case. */
  readonly payer: string
  /** The id of the deployment to come. */
  readonly id: string
}

/** The place that an attempt to buy a deployment takes. */
export interface WantedPlace {
  /** The id of the deployment to come. */
  readonly id: string
  /** How many deployments its payer may have, live or about to be. */
  readonly max: number
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
     * Begins an attempt to buy a deployment, and takes its place in the same step. It does not begin if the payer has `max` live or
     * reserved. The deployment's first notice takes the place over. A place that is neither taken over nor released is given back after
     * a minute.
     */
    readonly enter: (
      attempt: AttemptId,
      place: WantedPlace
    ) => Effect.Effect<void, TooManyAttempts | TooManyDeployments | Busy>
    /**
     * Stores an attempt before a build. From now on it counts, even after a crash. Returns the number of the payer's failed
     * attempts within an hour.
     */
    readonly keep: (attempt: AttemptId) => Effect.Effect<number, TooManyAttempts | Busy>
    /** Ends an attempt. Never fails: no paid work depends on it, and an attempt without an end expires. */
    readonly end: (attempt: AttemptId, how: AttemptEnd) => Effect.Effect<void>
    /**
     * Fails if the operator sells nothing, or nothing to this payer. An order asks before each new purchase of any kind is authorized.
     * It asks for nothing that is paid for.
     */
    readonly requireSale: (payer: string) => Effect.Effect<void, Denied | SalesPaused | Busy>
    /** Gives a place back. Never fails, because it is given back anyway. */
    readonly release: (place: Place) => Effect.Effect<void>
    /** Takes a notice of a deployment. Taking one again, or an older one, changes nothing. */
    readonly record: (notice: Notice) => Effect.Effect<void, Busy>
    /** Spends the proof and lists the payer's deployments, newest first; `undefined` for a proof that was spent before. */
    readonly list: (request: ListRequest) => Effect.Effect<DeploymentPage | undefined, Busy>
    /** Lists them for the operator, who needs no proof. */
    readonly deployments: (payer: string, cursor?: string) => Effect.Effect<DeploymentPage, Busy>
    /** Sells nothing to this address from now on. Its refusals tell the reason. What it has paid for is served. */
    readonly deny: (address: string, reason: string) => Effect.Effect<void, Busy>
    /** Takes a denial back. */
    readonly allow: (address: string) => Effect.Effect<void, Busy>
    /** Sells nothing to anybody from now on. Refusals tell the reason. What is paid for is served. */
    readonly pause: (reason: string) => Effect.Effect<void, Busy>
    /** Sells again. The setting `SALES` counts, too. */
    readonly resume: Effect.Effect<void, Busy>
    /** The operator's switches. */
    readonly state: Effect.Effect<SalesState, Busy>
  }
>()("mpp-compute/payers/Payers") {}
