import { createHash } from "node:crypto"
import type { Notice } from "../../domain/Status.ts"
import { type Purchase, statusOf } from "../purchase/Purchase.ts"

/** A notice that was written and that no other call sends is sent by the alarm after this time, in milliseconds. */
export const NOTICE_LEASE_MS = 5_000

/** A notice that the payer's object has not taken. */
export interface Unsent {
  /** The deployment's id. */
  readonly id: string
  /** How often it was sent. The pauses grow with it. */
  readonly attempts: number
}

/**
 * The newest status of each deployment of an order, until its payer's object has taken it. The store writes a
 * row with each state that changes the status, so a crash between the write and the message loses nothing. A row has no copy of the
 * status: it is read from the purchase when it is sent. Every method is synchronous, and every time is in unix milliseconds.
 */
export interface Outbox {
  /** A notice that is new, or whose next try is due. */
  readonly next: (now: number) => Unsent | undefined
  /** The notice itself, with the newest status; `undefined` if there is none. It throws if the purchase cannot be read. */
  readonly read: (id: string) => Notice | undefined
  /** Records a try before it is made. After a crash, or without an answer, the next one is at `due`. */
  readonly trying: (id: string, due: number) => void
  /** The payer's object has taken this notice. A newer one stays. */
  readonly taken: (id: string, seq: number) => void
  /** Whether the deployment has a notice that was not taken, so that its purchase may not be forgotten. */
  readonly isPending: (id: string) => boolean
}

/** Whether a payer's object lists the purchase: deployments, neither runs nor renewals. */
export const isListed = ({ operation }: Purchase): boolean => operation === "deploy"

/** Tells one status from another. */
export const statusDigest = (purchase: Purchase): string =>
  createHash("sha256")
    .update(JSON.stringify(statusOf(purchase)))
    .digest("hex")

/** The notice of a purchase as it is now. */
export const noticeOf = (purchase: Purchase, seq: number): Notice => ({
  id: purchase.id,
  payer: purchase.payer,
  seq,
  createdAt: purchase.createdAt,
  status: statusOf(purchase)
})
