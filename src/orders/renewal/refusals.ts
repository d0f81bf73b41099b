import { Expired, NotFound, OrderInProgress, TooFarAhead } from "../../domain/Errors.ts"
import { hoursMs, timestamp } from "../../domain/Order.ts"
import type { Status } from "../../domain/Status.ts"
import { again } from "../proved/find-for-payer.ts"
import { ended } from "../purchase/new-purchase.ts"
import type { Purchase } from "../purchase/Purchase.ts"

/** Why a deployment takes no renewal. Nothing was charged. */
export type RenewalRefused = NotFound | Expired | OrderInProgress | TooFarAhead

const DAY_MS = 86_400_000

const GONE = "The project of the deployment is gone at the host, and nothing serves."

/** Returns the answer to a renewal of no deployment. */
export const unknown = (): NotFound =>
  new NotFound({ detail: "No such deployment. Check the deployment_id, or POST /deploy." })

/** Returns the answer to a renewal of a deployment that is over. */
export const over = (purchase: Purchase): Expired =>
  new Expired({ ...ended(purchase, "Nothing was charged for the renewal. POST /deploy for another."), charged: false })

/**
 * Returns the answer to a renewal of a deployment that serves nothing at present: it is not live yet, or the order knows that its
 * project is gone. `key` repeats the renewal.
 */
export const notLive = ({ deployment_id: id, status, expires_at }: Status, key: string): OrderInProgress => {
  const next =
    status === "failed"
      ? " The host refuses its code: its payer sends corrected code by PUT, which is free and makes it live."
      : expires_at === null
        ? ""
        : " The service creates it again by itself."
  return servesNothing(id, key, `${expires_at === null ? "The deployment is not live yet." : GONE}${next}`)
}

/**
 * Returns the answer to a renewal of a deployment that the host has just said to have no project for. The order keeps no build of
 * live code, so that it is its payer's update that creates another.
 */
export const projectLost = (id: string, key: string): OrderInProgress =>
  servesNothing(id, key, `${GONE} Its payer sends its code again by PUT, which is free and makes it live.`)

const servesNothing = (id: string, key: string, why: string) =>
  new OrderInProgress({
    detail: `${why} Nothing was charged. Send the renewal once the deployment is live.`,
    charged: false,
    deployment_id: id,
    ...again(id, key)
  })

/**
 * Returns the answer to a renewal that would reach too far ahead; undefined for others.
 *
 * @param ends when the deployment ends as it is, in unix milliseconds, as `now`.
 * @param hours what the renewal adds.
 */
export const tooFarAhead = (ends: number, hours: number, now: number, maxDays: number): TooFarAhead | undefined =>
  ends + hoursMs(hours) <= now + maxDays * DAY_MS
    ? undefined
    : new TooFarAhead({
        detail:
          `The deployment ends at ${timestamp(ends)}, and a renewal may reach at most ${maxDays} days ahead. Nothing was charged. ` +
          "Renew it later.",
        expires_at: timestamp(ends),
        max_days: maxDays
      })
