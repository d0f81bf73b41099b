import type { Settings } from "../../../src/local/settings.ts"
import type { Aim } from "../points/aim.ts"
import { startBare } from "./bare.ts"

/** A gateway of the test build: its process stops at any point of a renewal or a delete. */
export interface Lane {
  readonly url: string
  /** The time of its deployments and of their renewals, if it is less than a day, in milliseconds. */
  readonly briefMs: number | undefined
  /** Counts the points of the next renewal or delete of a deployment, and stops at one of them. */
  readonly takeAim: (aim: Aim) => Promise<void>
  /** The points that were passed since. */
  readonly passed: () => Promise<ReadonlyArray<string>>
  /** Resolves once the process has stopped at its point. */
  readonly stopped: () => Promise<void>
  /** SIGKILL to the process. */
  readonly kill: () => void
  /** Starts the process again on the same storage. */
  readonly revive: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Where a lane comes from. */
export interface LaneOptions {
  readonly dir: string
  /** The folder of the built Worker. */
  readonly out: string
  readonly name: string
  readonly settings: Settings
  readonly briefMs?: number
  /** Its deployments grant renewals and do not wait for their payments. */
  readonly withoutHold: boolean
}

/** Starts a lane. */
export const startLane = async ({ settings, withoutHold, briefMs, ...options }: LaneOptions): Promise<Lane> => {
  let stop = (): void => {}
  let stopped = Promise.resolve()
  const { url, ...bare } = await startBare({
    ...options,
    settings: {
      ...settings,
      ...(briefMs !== undefined && { TTL_HOURS: String(briefMs / 3_600_000) }),
      WITHOUT_HOLD: withoutHold ? "on" : "off"
    },
    onLog: (line) => {
      if (line.startsWith("stopped at ")) stop()
    }
  })
  return {
    ...bare,
    url,
    briefMs,
    takeAim: async (aim) => {
      stopped = new Promise((resolve) => (stop = resolve))
      await fetch(`${url}/points`, { method: "PUT", body: JSON.stringify(aim) })
    },
    passed: async () => (await (await fetch(`${url}/points`)).json()) as ReadonlyArray<string>,
    stopped: () => stopped
  }
}
