import { shortened } from "../../records/kv.ts"
import { MAX_REPORTS, type ReportRow } from "../../records/rows.ts"

/** The oldest reports of a deployment that no later one replaces, however many come. */
const FIRST = 5

/**
 * A report replaces another one this long after the newest, in milliseconds. KV shows a write up to a minute late, and an account may
 * have few writes a day: a flood about one deployment takes at most 288 of them.
 */
const PAUSE_MS = 300_000

/** Where a report is kept, and how many it and earlier ones have replaced there. */
export type Slot = Pick<ReportRow, "slot" | "dropped">

/**
 * Chooses where a report is kept; undefined if it is not. Strangers send reports, so nobody's may hide the others': a reporter and a
 * text have one slot each, the first five stay, and the other five are the newest. The count of those that were replaced tells the
 * operator of a flood. `now` in unix milliseconds.
 */
export const chooseSlot = (
  rows: ReadonlyArray<ReportRow>,
  { reason, from }: Pick<ReportRow, "reason" | "from">,
  now: number
): Slot | undefined => {
  const replace = ({ slot, dropped }: ReportRow): Slot => ({ slot, dropped: dropped + 1 })
  const isSettled = ({ at }: ReportRow) => now - at >= PAUSE_MS
  // A list has this beginning of a long text.
  const { reason: listed } = shortened({ reason })
  if (rows.some((row) => row.reason === reason || row.reason === listed)) return undefined
  const own = from === null ? undefined : rows.find((row) => row.from === from)
  if (own !== undefined) return isSettled(own) ? replace(own) : undefined
  const taken = new Set(rows.map(({ slot }) => slot))
  const free = Array.from({ length: MAX_REPORTS }, (_, slot) => slot).find((slot) => !taken.has(slot))
  if (free !== undefined) return { slot: free, dropped: 0 }
  const byTime = rows.toSorted((one, other) => one.at - other.at)
  const oldest = byTime[FIRST]
  return oldest !== undefined && byTime.every(isSettled) ? replace(oldest) : undefined
}
