import * as Hash from "effect/Hash"
import {
  type Answer,
  type Captured,
  type Capturing,
  type Delivered,
  type Expired,
  type Failed,
  type Failure,
  newPlacement,
  type Placement,
  type Purchase
} from "./Purchase.ts"
import type { Takedown } from "../operator/Takedown.ts"
import type { InDoubt, Update } from "../delivery/Update.ts"

/**
 * The transitions between the states of a purchase. They only compute; `save` writes. Every `due` and every time is in unix
 * milliseconds.
 */

/**
 * When the order wakes up to end what expires: at a time of its own within the second of its expiry, because answers tell whole seconds
 * and all that end in the same one would wake up at once.
 */
export const endsAt = ({ id, answer }: Pick<Purchase, "id" | "answer">): number =>
  answer === null ? Infinity : Date.parse(answer.expires_at) + ((Hash.string(id) >>> 0) % 1_000)

/** The chain has taken the payment. */
export const captured = (purchase: Capturing, receipt: string): Captured => ({
  ...purchase,
  state: "captured",
  receipt,
  attempts: 0
})

/** The chain will never take the payment. The status is kept until `due`. */
export const failed = (purchase: Capturing, failure: Failure, due: number): Failed => ({
  ...purchase,
  state: "failed",
  due,
  failure
})

/** The site is live, or the code has run, at `now`. `update` is set if the order sends the code once more. */
export const delivered = (
  purchase: Captured,
  answer: Answer,
  now: number,
  update: Update | null = null
): Delivered => ({
  ...purchase,
  state: "delivered",
  answer,
  failure: null,
  attempts: 0,
  update,
  updatedAt: now,
  // A deployment that was taken down meanwhile ends as soon as its delivery has.
  due:
    purchase.deletedAt === undefined
      ? Math.min(endsAt({ id: purchase.id, answer }), update?.again ?? Infinity)
      : purchase.due
})

/** The payer has deleted the deployment at `at`. Its project may still be there. */
export const deleted = <P extends Captured | Delivered>(purchase: P, at: number, due: number): P => ({
  ...purchase,
  deletedAt: at,
  update: null,
  failure: null,
  attempts: 0,
  due
})

/**
 * The operator has taken the deployment down. Renewals that are being paid no longer keep it. A payment that the chain has not
 * confirmed keeps its state, because only the chain knows whether the money moves.
 */
export const takenDown = (purchase: Capturing | Captured | Delivered, takedown: Takedown, due: number): Purchase => {
  if (purchase.state === "capturing") return { ...purchase, takedown }
  const { retag: _, ...rest } = deleted(purchase, purchase.deletedAt ?? takedown.at, due)
  return { ...rest, holds: [], takedown }
}

/** Returns the next state of a purchase with its takedown, which no later write may undo. */
export const keepTakedown = <P extends Purchase>(before: Purchase | undefined, next: P): P => {
  const takedown = before?.takedown
  if (takedown === undefined || next.state === "capturing" || next.state === "failed") {
    return takedown === undefined ? next : { ...next, takedown }
  }
  return { ...next, takedown, deletedAt: before?.deletedAt ?? takedown.at, update: null }
}

/** The order is about to delete the project, because the time is over. */
export const ending = (purchase: Delivered): Delivered => ({ ...purchase, ending: true })

/** The project or the output is deleted. The status is kept until `due`. */
export const expired = (purchase: Captured | Delivered | Expired, due: number): Expired => {
  const { lateUntil: _, ...rest } = purchase
  return { ...rest, state: "expired", update: null, failure: null, attempts: 0, due }
}

/** There is no project, but its create may land until `lateUntil`. The order looks again at `due`. */
export const awaitingCreate = (purchase: Expired, lateUntil: number, due: number): Expired => ({
  ...purchase,
  lateUntil,
  due
})

/** The order wakes up for this purchase at `due`; null for never. */
export const wakeAt = <P extends Purchase>(purchase: P, due: number | null): P => ({ ...purchase, due })

/** A try of the present step has failed, and the next one is at `due`. */
export const retryAt = <P extends Purchase>(purchase: P, due: number | null, failure = purchase.failure): P => ({
  ...purchase,
  attempts: purchase.attempts + 1,
  due,
  failure
})

/** The order tries the present step itself again, with a lease until `due`. */
export const resumed = <P extends Purchase>(purchase: P, failure: Failure | null, due: number | null): P => ({
  ...purchase,
  failure,
  due
})

/** The order asks, or has asked, the host for this place. */
export const placed = <P extends Purchase>(purchase: P, placement: Placement | null): P => ({ ...purchase, placement })

/** The purchase gives up its place and waits for its payer. */
export const released = (purchase: Purchase): Purchase => ({
  ...purchase,
  placement: newPlacement(purchase.slug),
  due: null
})

/** These uploads may still land. */
export const uploading = <P extends Purchase>(purchase: P, inDoubt: ReadonlyArray<InDoubt>): P => ({
  ...purchase,
  inDoubt
})

/** A live deployment has taken newer code, which the order sends to the host. */
export const updating = (purchase: Delivered, update: Update, due: number): Delivered => ({ ...purchase, update, due })

/** Newer code replaces the code that the order is delivering. */
export const replacing = <P extends Purchase>(
  purchase: P,
  { warnings = [], lock = {} }: Pick<Purchase, "warnings" | "lock">,
  due: number
): P => ({ ...purchase, failure: null, attempts: 0, due, warnings, lock })

/** The fields of a live deployment that an update changes. */
export type Changes = Partial<
  Pick<
    Delivered,
    "answer" | "failure" | "gone" | "inDoubt" | "lock" | "placement" | "update" | "updatedAt" | "warnings"
  >
> & {
  readonly due: number
}

/** A try to send newer code has ended. The purchase wakes up at its expiry at the latest. */
export const pushed = (purchase: Delivered, changes: Changes): Delivered => ({
  ...purchase,
  ...changes,
  due: soonest(purchase, changes.due)
})

/** The code has answered at its URL at `verifiedAt`; null if the site could not be asked. */
export const verified = (purchase: Delivered, verifiedAt: number | null): Delivered => ({ ...purchase, verifiedAt })

/** The earliest time at which a live deployment needs the order: `due`, a renewal's work, or its expiry, which holds postpone. */
export const soonest = (purchase: Purchase, due: number): number => {
  const { holds = [], retag } = purchase
  const end = holds.length > 0 ? holds.map((held) => held.due) : [endsAt(purchase)]
  return Math.min(due, ...end, retag?.due ?? Infinity)
}

/**
 * A renewal has changed a live deployment, which wakes up when it needs the order next. Without an update it has nothing else to
 * wake up for. A deployment that is being deleted keeps its time.
 */
export const rested = <P extends Purchase>(purchase: P): P => {
  const { state, deletedAt, ending, update, due } = purchase
  if (state !== "delivered" || deletedAt !== undefined || ending === true) return purchase
  return { ...purchase, due: soonest(purchase, update === null ? Infinity : (due ?? Infinity)) }
}

/** The payer has received the answer. From now on a request without a key is a new purchase. */
export const acknowledged = <P extends Purchase>(purchase: P): P => ({ ...purchase, answered: true })
