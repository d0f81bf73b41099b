import { setTimeout as sleep } from "node:timers/promises"
import { each, type Fault } from "../fault.ts"
import type { Lane } from "../gateways/lane.ts"
import { actUntilDone, deployOn } from "./act.ts"
import { look } from "./kill.ts"

/** The number of renewals, and the time over which their beginnings are spread, in milliseconds. */
const RUNS = 40
const SPREAD_MS = 1600

/** The last renewal begins this long after the end of its deployment, in milliseconds. */
const LATEST_MS = 200

/**
 * Renewals that begin within the last second and a half of their deployments, each a little later than the one before: of some
 * the hold, of some the payment and of some the commit falls upon the end.
 */
export const lastSecond = (lane: Lane, print: (line: string) => void): Fault => ({
  name: "renewal in the second of the expiry",
  runs: RUNS,
  attack: async (harness, runs) => {
    const answers = new Map<number, number>()
    await each(async (_, run) => {
      const target = await deployOn("renew", harness, lane, run)
      const early = SPREAD_MS * (1 - runs.indexOf(run) / RUNS) - LATEST_MS
      await sleep(target.endsAt - early - Date.now())
      run.injected = true
      const looked = look(run, target)
      // A busy gateway answers 503 to some, which they repeat.
      const status = await actUntilDone("renew", lane, run, target)
      answers.set(status, (answers.get(status) ?? 0) + 1)
      await looked
    }, RUNS)(harness, runs)
    print(`renewals in the last second: ${answers.get(200) ?? 0} renewed, ${answers.get(410) ?? 0} refused`)
  }
})
