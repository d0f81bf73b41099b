import { setTimeout as sleep } from "node:timers/promises"
import { expect, type Harness, note, type Run } from "../fault.ts"
import { act, type Act, actUntilDone, deployOn, payerOf, type Target } from "./act.ts"
import type { Lane } from "../gateways/lane.ts"

/** A run, and the point at which its process is killed. */
export interface Shot {
  readonly run: Run
  readonly point: string
}

/** The process of a lane must stop within this time after the answer, in milliseconds. */
const STOP_MS = 20_000

/** A busy gateway is asked again for this long, in milliseconds. If the deployment ends meanwhile, the run begins again. */
const BUSY_MS = 60_000

/**
 * Kills a lane's process by SIGKILL once for each run, at the run's point, and starts it again on the same storage. After the
 * last one of renewals it stays dead until their deployments have ended, so nothing but a hold keeps them until the order
 * continues. Resolves with what is left to await: the clients that come back, and the looks at the sites 5 s after their end; and
 * with the shots that came too late for their deployment, for another batch.
 */
export const killBatch = async (
  kind: Act,
  harness: Harness,
  lane: Lane,
  shots: ReadonlyArray<Shot>
): Promise<{ readonly left: ReadonlyArray<Promise<void>>; readonly late: ReadonlyArray<Shot> }> => {
  const deployed = await Promise.all(
    shots.map(async ({ run, point }) => {
      const target = await deployOn(kind, harness, lane, run).catch(note(run))
      return target === undefined ? [] : [{ run, point, target }]
    })
  )
  const shot: Array<{ readonly run: Run; readonly target: Target }> = []
  const looks: Array<Promise<void>> = []
  const late: Array<Shot> = []
  lane.kill()
  for (const { run, point, target } of deployed.flat()) {
    await lane.revive()
    await lane.takeAim({ deployment: target.id, project: target.project, payer: payerOf(run), at: point })
    const answer = actUnlessBusy(kind, lane, run, target)
    const stopped = lane.stopped().then(() => true)
    run.injected = await Promise.race([stopped, answer.then((status) => sleep(status === 410 ? 0 : STOP_MS, false))])
    lane.kill()
    const status = await answer
    if (run.injected) {
      shot.push({ run, target })
      // At once, because a slow machine may take longer for the rest of the batch than the renewed time lasts.
      if (kind === "renew") looks.push(look(run, target))
    } else if (status === 410) late.push({ run, point })
    else run.broken.push(`the process did not stop ${point}, and answered ${status}`)
  }
  if (kind === "renew") await sleep(Math.max(0, ...shot.map(({ target }) => target.endsAt + 500 - Date.now())))
  await lane.revive()
  const back = shot.map(({ run, target }, index) => comeBack(kind, lane, run, target, index).catch(note(run)))
  return { left: [...looks, ...back], late }
}

/** Repeats a call that a busy gateway answers with 503, so that it gets to its point. Returns the status of the last answer. */
const actUnlessBusy = async (kind: Act, lane: Lane, run: Run, target: Target): Promise<number> => {
  for (const end = Date.now() + BUSY_MS; ; await sleep(1000)) {
    const status = await act(kind, lane, run, target)
    if (status !== 503 || Date.now() > end) return status
  }
}

/** A host whose process does not answer is asked again for this long, in milliseconds, because it replaces that process. */
const HOST_MS = 40_000

/**
 * Looks at the site 5 s after the old expiry. The balances tell later whether it had to be there. Only the code's own answer and
 * the host's 404 for no such site count.
 */
export const look = async (run: Run, { url, endsAt }: Target): Promise<void> => {
  await sleep(Math.max(0, endsAt + 5000 - Date.now()))
  for (const end = Date.now() + HOST_MS; ; await sleep(500)) {
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0
    )
    run.renewal!.servedAfterExpiry = status === 200
    if (status === 200 || status === 404) return
    if (Date.now() > end) return void run.broken.push(`the site answered ${status} after its old expiry`)
  }
}

/** Every second client comes back at once. The others of a renewal never do, and those of a delete do after the order's lease. */
const comeBack = async (kind: Act, lane: Lane, run: Run, target: Target, index: number): Promise<void> => {
  if (index % 2 === 1 && kind === "renew") return
  if (index % 2 === 1) await sleep(40_000)
  await actUntilDone(kind, lane, run, target)
  if (kind === "renew") return
  run.renewal!.deleted = true
  const key = await answered(() => run.agent.call(run.body, target.key, lane.url))
  expect(run, key.status === 410, `the key of a deleted deployment answers ${key.status}`)
  expect(run, (await fetch(target.url)).status === 404, "a deleted deployment still answers")
}

/** Repeats a call until it is answered, because the process may be dead for the runs of another batch. */
const answered = async (call: () => Promise<Response>): Promise<Response> => {
  for (const end = Date.now() + 120_000; ; await sleep(500)) {
    const answer = await call().catch(() => undefined)
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error("no answer in two minutes")
  }
}
