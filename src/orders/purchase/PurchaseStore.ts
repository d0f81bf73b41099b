import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type { Diagnostic } from "../../bundler/index.ts"
import type { Upload } from "../../control-plane/ControlPlaneClient.ts"
import type { Deployed, Files, OrderResult } from "../../domain/Order.ts"
import type { Outbox } from "../notices/Outbox.ts"
import type { OrderError, UpdateError } from "../operations.ts"
import type { Sealed } from "../secrets/seal.ts"
import type { Kept } from "./Kept.ts"
import type { BuildFailure, Purchase } from "./Purchase.ts"

/** The order keeps a build failure this long, in milliseconds, because a later version of the service may build the body. */
export const BUILD_FAILURE_TTL_MS = 3_600_000

/**
 * A delivered renewal whose answer nobody has received is the answer to another key of its payer for this long, in milliseconds,
 * because an agent that starts over does so at once. After that another key wants another renewal.
 */
export const START_OVER_MS = 600_000

/** An order in progress: its key, its challenge, and its result to come. */
export interface InFlightOrder {
  readonly key: string
  readonly challengeId: string
  readonly outcome: Deferred.Deferred<OrderResult, OrderError>
}

/** An update in progress: the digest of its body, its key, its challenge (none after a crash), and its result to come. */
export interface InFlightUpdate {
  readonly body: string
  readonly key: string
  readonly challengeId: string | null
  readonly outcome: Deferred.Deferred<Deployed, UpdateError>
}

/** The migrations of a program's database, in the order in which they are applied. */
export interface Migrations {
  /** The table that records which ones were applied: `d1_migrations`. */
  readonly table: string
  /** `name` is the path below the folder of migrations: `0001_init.sql`. */
  readonly files: ReadonlyArray<{ readonly name: string; readonly sql: string }>
}

/** An upload with the compiler's warnings and the versions of its packages. Earlier versions stored it without either. */
export interface Build extends Upload {
  readonly warnings?: ReadonlyArray<Diagnostic>
  /** The versions of its packages, by what was asked for. */
  readonly lock?: Readonly<Record<string, string>>
  /** The order applies those that the database has not recorded before it uploads the code. */
  readonly migrations?: Migrations | null
  /** The source map of code to run, for the stack of an error. */
  readonly map?: string
}

/** A paid execution: the code, and its input as the text of a JSON value (null for nothing). */
export interface Task extends Build {
  readonly input: string | null
}

/** The result of a run: the body of its answer. */
export interface Output {
  readonly output: string
}

/** The payload of a purchase. The store keeps it until the purchase is delivered. The result of a run then replaces it. */
export type Payload = Build | Task | Output

/**
 * The purchases of one order and their payloads. Every method is synchronous. An order's object is one thread, so nothing
 * happens between a look-up and the write that follows.
 */
export class PurchaseStore extends Context.Service<
  PurchaseStore,
  {
    /** The orders in progress, by key. In memory only, because they end with the process. */
    readonly inFlight: Map<string, InFlightOrder>
    /** The updates in progress, by deployment id. In memory only, because they end with the process. */
    readonly inFlightUpdates: Map<string, InFlightUpdate>
    /** The notices for the objects of the payers. A write of a purchase adds one if it changes the status. */
    readonly outbox: Outbox
    /** The purchase bound to this key. Failed purchases release their key. */
    readonly byKey: (key: string) => Purchase | undefined
    /** The purchase bound to this challenge. Failed purchases release it. */
    readonly byChallenge: (challengeId: string) => Purchase | undefined
    readonly byId: (id: string) => Purchase | undefined
    /**
     * A purchase whose money has moved, or may have, and whose payer has not received the answer; a delivered renewal counts for
     * `START_OVER_MS`. `now` in unix milliseconds.
     */
    readonly findUndelivered: (now: number) => Purchase | undefined
    /** The purchases whose `due` has come. `now` in unix milliseconds. */
    readonly findDue: (now: number) => ReadonlyArray<Purchase>
    /**
     * Writes the first state of a purchase, its key and challenge, its payload (a renewal has none) and the alarm in one
     * transaction.
     */
    readonly create: (purchase: Purchase, payload?: Payload, kept?: Kept) => void
    /**
     * Replaces a purchase's payload, and writes its next state and the alarm in one transaction. Source and secrets of an update
     * of a live deployment count once the host has taken it, and are dropped if the host refuses it.
     */
    readonly saveWithPayload: (purchase: Purchase, payload: Payload, kept?: Kept) => void
    /**
     * Deletes a purchase, its key and its challenge. With the last purchase it deletes everything, payments that failed too, unless
     * the notice of one was not taken.
     */
    readonly delete: (id: string) => void
    /** Writes a purchase's next state, and sets the alarm to the earliest `due`. */
    readonly save: (purchase: Purchase) => void
    /** The payload of a purchase. */
    readonly payload: (id: string) => Payload | undefined
    /** The newest source of a deployment that the host has not refused, until the deployment ends. Earlier releases kept none. */
    readonly source: (id: string) => Files | undefined
    /** The newest secrets of a deployment, encrypted, until it ends. `openSecrets` decrypts them. */
    readonly secrets: (id: string) => Sealed
    /**
     * Spends a proof, whose only reference is its challenge, and returns whether it was unspent. A spent proof is kept until its
     * challenge has expired. `now` in unix milliseconds.
     */
    readonly spendProof: (challengeId: string, now: number) => boolean
    /** Binds this key and this challenge to that purchase, unless they are bound to another. */
    readonly bindKeys: (key: string, challengeId: string, id: string) => void
    readonly buildFailure: () => BuildFailure | undefined
    /** Saves a build failure, and sets the alarm to its end. */
    readonly saveBuildFailure: (failure: BuildFailure) => void
    /** Deletes the build failure. An order without a purchase deletes everything. */
    readonly clearBuildFailure: () => void
  }
>()("mpp-compute/orders/PurchaseStore") {}

/** Whether a purchase has work left: either it or its update is not delivered yet. */
export const isOpen = ({ state, update, deletedAt }: Purchase): boolean =>
  deletedAt === undefined && (state === "capturing" || state === "captured" || update !== null)

/** Whether the order still needs the payload, to deliver it or to answer with the result of a run. */
export const keepsPayload = (purchase: Purchase): boolean =>
  isOpen(purchase) || (purchase.operation === "execute" && purchase.state === "delivered")

/** Whether a payer has paid, or may have, and has not received the answer. `now` in unix milliseconds. */
export const isUndelivered = (purchase: Purchase, now: number): boolean => {
  const { state, answered, deletedAt, operation, updatedAt } = purchase
  if (deletedAt !== undefined) return false
  if (state !== "delivered") return state === "capturing" || state === "captured"
  return !answered && (operation !== "renew" || (updatedAt ?? 0) > now - START_OVER_MS)
}
