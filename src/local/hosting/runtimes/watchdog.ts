import { setTimeout as sleep } from "node:timers/promises"

/** The watchdog pings this often. A runtime is frozen after two missing answers in a row. */
const PING_EVERY_MS = 400

/** A ping waits this long for its answer. */
export const PING_TIMEOUT_MS = 1000

/**
 * Pings a runtime until it does not answer twice in a row, or the signal aborts. Hosted code that loops without end freezes the
 * runtime that it shares with its watchdog's pings.
 */
export const watchUntilFrozen = async (ping: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  for (let silent = 0; silent < 2 && !signal.aborted;) {
    if (silent === 0) await sleep(PING_EVERY_MS, undefined, { signal }).catch(() => {})
    if (!signal.aborted) silent = (await ping().catch(() => false)) ? 0 : silent + 1
  }
}
