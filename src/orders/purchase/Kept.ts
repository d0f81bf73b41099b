import type { Files } from "../../domain/Order.ts"
import type { Sealed } from "../secrets/seal.ts"
import type { Purchase } from "./Purchase.ts"

/** Everything that the order keeps of a deployment until it ends, beside its purchase. */
export interface Kept {
  /** The files that the payer sent. They replace the earlier ones. */
  readonly source?: Files
  /** The secrets that the payer sent, encrypted. Earlier secrets of other names stay. */
  readonly secrets?: Sealed
}

/**
 * Where source and secrets are kept: those of the code that is live or that is delivered first, and those of an update in
 * progress, which the host may refuse. Then the live ones stay.
 */
export type Slot = "live" | "next"

/** Returns the slot for new source and secrets of a purchase. */
export const slotOf = ({ state, update }: Purchase): Slot =>
  state === "delivered" && update !== null ? "next" : "live"

/** How a write of a purchase ends its update: the host took it, or refused it; `undefined` if no update ends. */
export const endOfUpdate = (before: Purchase | undefined, after: Purchase): "taken" | "refused" | undefined => {
  if (!isInProgress(before) || isInProgress(after)) return undefined
  // A refusal leaves its reason, and an update that the host takes clears it.
  return after.failure === null ? "taken" : "refused"
}

/** Whether an update has not been live yet. An update that is only sent again has been. */
const isInProgress = (purchase: Purchase | undefined): boolean =>
  purchase?.update != null && purchase.update.again === undefined

/** Whether the deployment may still need its source and its secrets. */
export const isKept = ({ operation, state, deletedAt }: Purchase): boolean =>
  operation === "deploy" && state !== "failed" && state !== "expired" && deletedAt === undefined
