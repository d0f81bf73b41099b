import { setTimeout as sleep } from "node:timers/promises"
import type { Harness, Run } from "../fault.ts"
import type { Lane } from "../gateways/lane.ts"

/** The call that is made while the process is killed. */
export type Act = "renew" | "delete"

const METHODS = { renew: "POST", delete: "DELETE" } as const

/** A deployment on a lane. */
export interface Target {
  readonly id: string
  /** The key of its deploy. */
  readonly key: string
  readonly project: string
  readonly url: string
  /** When it ends unless it is renewed, in unix milliseconds. */
  readonly endsAt: number
}

/** Renews or deletes a deployment once, and returns the status of the answer; 0 for none. */
export const act = async (kind: Act, lane: Lane, run: Run, { id }: Target): Promise<number> => {
  const url = `${lane.url}/deployments/${id}${kind === "renew" ? "/renew" : ""}`
  const headers = kind === "renew" ? { "idempotency-key": `renewal of ${id}` } : {}
  const response = await run.agent.pay(url, { method: METHODS[kind], headers }).catch(() => undefined)
  return response?.status ?? 0
}

/**
 * Repeats a renewal or a delete until it is done. A renewal may also learn that the deployment is over (410), which the balances
 * must agree with.
 *
 * @returns the status of the last answer.
 * @throws Error if neither happens within three minutes.
 */
export const actUntilDone = async (kind: Act, lane: Lane, run: Run, target: Target): Promise<number> => {
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(1000)) {
    const status = await act(kind, lane, run, target)
    if (status === 200 || (kind === "renew" && status === 410)) return status
  }
  throw new Error(`no end of the ${kind} after three minutes; last: ${run.agent.answers.at(-1)?.text}`)
}

/** Deploys on a lane, and records what there is to renew or to delete. A run that begins again deploys under another key. */
export const deployOn = async (kind: Act, harness: Harness, lane: Lane, run: Run): Promise<Target> => {
  const deploys = (run.renewal?.deploys ?? 0) + 1
  const key = `${run.key} ${deploys}`
  const { deployment_id: id = "", url = "", text } = await run.agent.callUntilDone(run.body, key, lane.url)
  const { expires_at: expiresAt } = JSON.parse(text) as { readonly expires_at: string }
  const slug = new URL(url).hostname.split(".")[0]!.replace("local-", "")
  const answer = await harness.controlPlane("GET", `projects/by-slug/${slug}`)
  const { project } = (await answer.json()) as { readonly project: { readonly id: string } }
  const most = kind === "delete" ? 1 : deploys + 1
  const brief = lane.briefMs === undefined ? {} : { ttlMs: lane.briefMs }
  run.renewal = { id, expiresAt, most, deploys, gateway: lane.url, endedByPayer: kind === "delete", ...brief }
  return { id, key, project: project.id, url, endsAt: Date.parse(expiresAt) }
}

/** A renewal and a delete have no work left this long after their answers, in milliseconds. */
export const WATCH_MS = 2000

/** Counts the points of an undisturbed renewal or delete, in a process that has done nothing else. */
export const countPoints = async (kind: Act, lane: Lane, run: Run, target: Target): Promise<ReadonlyArray<string>> => {
  lane.kill()
  await lane.revive()
  await lane.takeAim({ deployment: target.id, project: target.project, payer: payerOf(run), at: null })
  const status = await act(kind, lane, run, target)
  if (status !== 200) throw new Error(`the undisturbed ${kind} was answered with ${status}`)
  // Work after the answer counts, too.
  await sleep(WATCH_MS)
  return lane.passed()
}

/** The address of a run's payer, as the points know it. */
export const payerOf = ({ agent }: Run): string => agent.account.address.toLowerCase()
