import { setTimeout as sleep } from "node:timers/promises"

/** Asks every `everyMs` until the answer is true. Returns false after `timeoutMs`. A throw counts as false. */
export const poll = async (
  ask: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 40
): Promise<boolean> => {
  for (const end = Date.now() + timeoutMs; ; await sleep(everyMs)) {
    try {
      if (await ask()) return true
    } catch {
      // It is not ready yet.
    }
    if (Date.now() >= end) return false
  }
}
