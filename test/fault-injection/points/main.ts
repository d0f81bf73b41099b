import { join } from "node:path"
import { Agent } from "../agent.ts"
import { buildBare } from "../gateways/bare.ts"
import type { Fault, Run } from "../fault.ts"
import type { WholeHarness } from "../harness.ts"
import { type Act, countPoints, deployOn, WATCH_MS } from "./act.ts"
import { killBatch } from "./kill.ts"
import { lastSecond } from "./last-second.ts"
import { type Lane, startLane } from "../gateways/lane.ts"

/** The names of the faults that need gateways of the test build. */
export const pointFaults = [
  "renewal killed at every point",
  "delete killed at every point",
  "renewal in the second of the expiry"
] as const

/**
 * How many gateways of the test build run side by side. The last one is for renewals in the second of the expiry, and is not
 * killed.
 */
const LANES = { renew: 4, delete: 1, last: 1 }

/** The kills of one batch should take less than this, in milliseconds, because an order continues after a lease of 30 s. */
const BATCH_MS = 28_000

/** The least time that the gateway takes for a deployment, in milliseconds. */
const BRIEF_MS = 60_000

/** Kills at every so many points only; default at every one. */
const EVERY = Number(process.env["POINTS_EVERY"] ?? 1)

/** The faults, and the gateways that they kill. */
export interface Points {
  readonly faults: ReadonlyArray<Fault>
  readonly stop: () => Promise<void>
}

/**
 * Builds the gateway with points, counts those of one undisturbed renewal and of one undisturbed delete, and makes a fault of
 * each: as many runs as there are points. Renewals in the second of the expiry run beside them. With `withoutHold` a deployment does not wait for its renewals' payments.
 */
export const startPoints = async (
  harness: WholeHarness,
  print: (line: string) => void,
  withoutHold: boolean
): Promise<Points> => {
  const { root, settings } = harness
  const out = await buildBare(root, "built-with-points", join(import.meta.dirname, "../worker/worker.ts"))
  const all: Array<Lane> = []
  const stop = async () => void (await Promise.all(all.map((lane) => lane.stop())))
  const lanes = (kind: keyof typeof LANES, briefMs?: number) =>
    Promise.all(
      Array.from({ length: LANES[kind] }, async (_, index) => {
        const brief = briefMs === undefined ? {} : { briefMs }
        const name = `bare-${kind}-${index + 1}`
        const lane = await startLane({ dir: root, out, name, settings, withoutHold, ...brief })
        all.push(lane)
        return lane
      })
    )
  try {
    const deleted = await lanes("delete")
    const counted = await countOn(harness, deleted[0]!)
    const { pace } = counted
    print(
      `a renewal has ${counted.renew.length} points, a delete ${counted.delete.length}; a kill takes ${(pace / 1000).toFixed(1)} s`
    )
    const most = Math.max(2, Math.floor(BATCH_MS / pace))
    // A slow machine gets more time.
    const briefMs = Math.max(BRIEF_MS, 1000 * Math.ceil((2 * most * pace) / 1000))
    const renewed = await lanes("renew", briefMs)
    const last = await lanes("last", briefMs)
    const fault = (kind: Act, own: ReadonlyArray<Lane>): Fault => {
      const points = counted[kind].filter((_, index) => index % EVERY === 0)
      return {
        name: `${kind === "renew" ? "renewal" : "delete"} killed at every point`,
        runs: points.length,
        attack: async (_, runs) => {
          const waiting = runs.map((run, index) => ({ run, point: points[index]! }))
          const size = Math.min(Math.ceil(waiting.length / own.length), most)
          const left: Array<Promise<void>> = []
          const work = async (lane: Lane) => {
            while (waiting.length > 0) {
              const done = await killBatch(kind, harness, lane, waiting.splice(0, size))
              left.push(...done.left)
              waiting.push(...done.late.filter(({ run }) => (run.renewal?.deploys ?? 0) < 4))
            }
          }
          await Promise.all(own.map(work))
          await Promise.all(left)
          const killed = runs.filter(({ injected }) => injected).length
          print(`${kind === "renew" ? "renewal" : "delete"} points: ${killed} of ${runs.length} killed`)
        }
      }
    }
    return { faults: [fault("renew", renewed), fault("delete", deleted), lastSecond(last[0]!, print)], stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/**
 * Renews and deletes one deployment undisturbed. Returns the points of both, and the time that a kill takes, in milliseconds: a
 * start of the process and a renewal, half as much again because the lanes share the processors.
 */
const countOn = async (harness: WholeHarness, lane: Lane) => {
  const agent = new Agent(harness.info, lane.url)
  await harness.chain.fund([agent.account.address])
  const source = `export default { fetch: () => new Response("undisturbed") }`
  const body = JSON.stringify({ name: "undisturbed", files: { "index.ts": source } })
  const run: Run = { slug: "undisturbed", body, key: "undisturbed", agent, injected: false, broken: [] }
  const target = await deployOn("renew", harness, lane, run)
  const since = Date.now()
  const renew = await countPoints("renew", lane, run, target)
  const pace = 1.5 * (Date.now() - since - WATCH_MS)
  return { renew, delete: await countPoints("delete", lane, run, target), pace }
}
