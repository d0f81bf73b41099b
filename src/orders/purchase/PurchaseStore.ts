import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type { Diagnostic } from "../../bundler/index.ts"
import type { Upload } from "../../control-plane/ControlPlaneClient.ts"
import type { OrderResult, Deployed } from "../../domain/Order.ts"
import type { OrderError, UpdateError } from "../rpc.ts"
import type { BuildFailure, Purchase } from "./Purchase.ts"

/** How long a verdict on a body stands, in milliseconds: a later version of the service may judge otherwise. */
export const BUILD_FAILURE_TTL_MS = 3_600_000

/** Somebody who is being served: under which key, with which challenge, and where the outcome will be. */
export interface InFlightOrder {
  readonly key: string
  readonly challengeId: string
  readonly outcome: Deferred.Deferred<OrderResult, OrderError>
}

/** An update that is being served: for which body, answering which challenge (none after a crash), and where the outcome will be. */
export interface InFlightUpdate {
  readonly body: string
  readonly key: string
  readonly challengeId: string | null
  readonly outcome: Deferred.Deferred<Deployed, UpdateError>
}

/** An upload, and what the compiler warned of; stored by earlier versions without the latter. */
export interface Build extends Upload {
  readonly warnings?: ReadonlyArray<Diagnostic>
  /** The source map of what is to be run, for the stack of an error. */
  readonly map?: string
}

/** A run that is owed: what is run, and with what, as the text of a JSON value (null for nothing). */
export interface Task extends Build {
  readonly input: string | null
}

/** A run's result: the body of its answer. */
export interface Output {
  readonly output: string
}

/** The store keeps a purchase's goods until it delivers them, and then the result of a run. */
export type Payload = Build | Task | Output

/**
 * The book of one order: its purchases and what they need to be finished. Everything is synchronous on purpose: an order's
 * object is one thread, so a look-up and the claim that follows from it cannot be torn apart.
 */
export class PurchaseStore extends Context.Service<
  PurchaseStore,
  {
    /** The order serves these requests now, by key: memory only. When the process ends, so does the serving. */
    readonly inFlight: Map<string, InFlightOrder>
    /** The updates that are being served, by deployment id: memory only, likewise. */
    readonly inFlightUpdates: Map<string, InFlightUpdate>
    /** The purchase that a key stands for; failed ones have given theirs back. */
    readonly byKey: (key: string) => Purchase | undefined
    /** The purchase that a challenge was answered by. */
    readonly byChallenge: (challengeId: string) => Purchase | undefined
    readonly byId: (id: string) => Purchase | undefined
    /** A purchase whose money has moved, or may have, and whose payer has had nothing for it yet. */
    readonly findUndelivered: () => Purchase | undefined
    /** Purchases whose time to be looked at has come. `now` in unix milliseconds. */
    readonly findDue: (now: number) => ReadonlyArray<Purchase>
    /** Writes the first state of a purchase, its claims, what it delivers and the alarm, in one transaction. */
    readonly create: (purchase: Purchase, goods: Payload) => void
    /** Replaces what is kept beside a purchase, and writes its next state and the alarm, in one transaction. */
    readonly saveWithPayload: (purchase: Purchase, goods: Payload) => void
    /** Forgets a purchase and its claims. An order that has no other one left forgets everything. */
    readonly delete: (id: string) => void
    /** Writes a purchase's next state, and sets the alarm to the earliest `due`. */
    readonly save: (purchase: Purchase) => void
    /** Returns a purchase's goods. */
    readonly payload: (id: string) => Payload | undefined
    /** From now on this key and this challenge stand for that purchase, and never for another. */
    readonly bindKeys: (key: string, challengeId: string, id: string) => void
    readonly buildFailure: () => BuildFailure | undefined
    /** Keeps a verdict, and sets the alarm to when it no longer stands. */
    readonly saveBuildFailure: (verdict: BuildFailure) => void
    /** Forgets the verdict. An order that has no purchase forgets everything. */
    readonly clearBuildFailure: () => void
  }
>()("mpp-compute/orders/PurchaseStore") {}

/** Whether there is something to do for a purchase: until it is done, or known to be unpaid; and for an update of it until that is. */
export const isOpen = ({ state, update }: Purchase): boolean =>
  state === "capturing" || state === "captured" || update !== null

/** Whether what is beside a purchase is still needed: to do it, or to answer what it came to. */
export const keepsPayload = (purchase: Purchase): boolean =>
  isOpen(purchase) || (purchase.operation === "execute" && purchase.state === "delivered")

/** Whether a payer has had nothing yet for what was, or may have been, paid. */
export const isUndelivered = ({ state, answered }: Purchase): boolean =>
  state === "capturing" || state === "captured" || (state === "delivered" && !answered)
