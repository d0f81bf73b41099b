import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { each, expect, type Fault, gate, type Harness, type Run } from "../fault.ts"
import { intercept, whenAbout } from "../intercept.ts"

/** When a broadcast is held: before it continues, or after its answer; and whether it continues once the gateway is dead. */
type Hold = "before, then dropped" | "before, then let through" | "after"

/** Deploys, and records what there is to renew. `most` is the most payments of the run, the deploy's included. */
const begin = async (harness: Harness, run: Run, most: number): Promise<string> => {
  const { deployment_id: id = "" } = await run.agent.callUntilDone(run.body, run.key)
  const status = await fetch(`${harness.info.gateway}/deployments/${id}`)
  const { expires_at: expiresAt } = (await status.json()) as { readonly expires_at: string }
  run.renewal = { id, expiresAt, most, endedByPayer: false }
  return id
}

/** Calls the gateway about a deployment once, and returns the status of the answer; 0 for none. */
const call = async (harness: Harness, run: Run, method: "POST" | "DELETE", path: string, key?: string) => {
  const headers = key === undefined ? {} : { "idempotency-key": key }
  const url = `${harness.info.gateway}/deployments/${path}`
  const response = await run.agent.pay(url, { method, headers }).catch(() => undefined)
  return response?.status ?? 0
}

const renewOnce = (harness: Harness, run: Run, id: string, key = `renewal of ${run.slug}`) =>
  call(harness, run, "POST", `${id}/renew`, key)

const renew = async (harness: Harness, run: Run, id: string, key?: string): Promise<void> => {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(1000)) {
    if ((await renewOnce(harness, run, id, key)) === 200) return
  }
  throw new Error(`not renewed after two minutes; last: ${run.agent.answers.at(-1)?.text}`)
}

const remove = (harness: Harness, run: Run, id: string) => call(harness, run, "DELETE", id)

/** Kills the gateway while every run's renewal is held at the chain, and starts it again on the same storage. */
const killedAt =
  (hold: Hold): Fault["attack"] =>
  async (harness, runs) => {
    const ids = await Promise.all(runs.map((run) => begin(harness, run, 2)))
    const [all, dead] = [gate(), gate()]
    let held = 0
    const release = intercept(harness, "broadcast", runs, async (run, forward) => {
      const answer = hold === "after" ? await forward() : undefined
      run.injected = true
      if (++held === runs.length) all.open()
      await dead.opened
      if (hold === "before, then let through") await forward()
      return answer ?? "cut"
    })
    const first = runs.map((run, index) => renewOnce(harness, run, ids[index] ?? ""))
    await Promise.race([all.opened, sleep(30_000)])
    await harness.kill()
    dead.open()
    await Promise.all(first)
    release()
    await harness.revive()
    await Promise.all(
      runs.map(async (run, index) => {
        const id = ids[index] ?? ""
        // Nobody has said yet how the payment ended, so the deployment may not end.
        if (index % 2 === 1) expect(run, (await remove(harness, run, id)) === 409, "deleted while it was being renewed")
        // The others never come back, so the alarms must finish their renewals.
        else if (hold !== "before, then dropped") await renew(harness, run, id)
      })
    )
  }

/** The payment lands, and the chain's answer is lost. */
const answerLost = each(async (harness, run) => {
  const id = await begin(harness, run, 2)
  intercept(harness, "broadcast", [run], async (_, forward) => {
    await forward()
    run.injected = true
    return "cut"
  })
  await renew(harness, run, id)
})

/**
 * The host answers nothing about the project, from before the payment until 10 s after. A renewal needs no host: it is paid and
 * recorded. The host's tags follow.
 */
const hostDown = each(async (harness, run) => {
  const id = await begin(harness, run, 2)
  const restore = whenAbout(harness, run, async () => {
    run.injected = true
    return "cut"
  })
  const status = await renewOnce(harness, run, id)
  expect(run, status === 200, `the renewal was answered with ${status} while the host was down`)
  await sleep(10_000)
  restore()
  const tag = `expires:${Date.parse(run.renewal!.expiresAt) / 1000 + 86_400}`
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(1000)) {
    if ((await (await harness.controlPlane("GET", `projects/by-slug/${run.slug}`)).text()).includes(tag)) return
  }
  throw new Error(`the host has not got the tag ${tag}`)
})

/** Two renewals under two keys at once. */
const twoAtOnce = each(async (harness, run) => {
  const id = await begin(harness, run, 3)
  run.injected = true
  // Both are of one payer, so that the second may join the first while nobody has received its answer.
  await Promise.all([renew(harness, run, id, `one of ${run.slug}`), renew(harness, run, id, `two of ${run.slug}`)])
})

/**
 * Whether the deployment's object has renewed it before it deleted it, by the lines of its log. The clients cannot tell: an answer
 * may arrive after the one of a later step.
 */
const renewedFirst = async (harness: Harness, id: string): Promise<boolean> => {
  const deadline = Date.now() + 5000
  for (;;) {
    const lines = readFileSync(join(harness.dir, "logs", "gateway.log"), "utf8").split("\n")
    const place = (message: string) => lines.findIndex((line) => line.includes(message) && line.includes(id))
    const [renewed, deleted] = [place('"renewed"'), place('"deleted by its payer"')]
    if (deleted >= 0) return renewed >= 0 && renewed < deleted
    if (Date.now() > deadline) throw new Error(`the log of ${id} has no delete`)
    await sleep(200)
  }
}

/** A delete at any moment of a renewal. */
const againstDelete = each(async (harness, run) => {
  const id = await begin(harness, run, 2)
  run.injected = true
  const renewing = renewOnce(harness, run, id)
  await sleep(Math.random() * 700)
  const status = await remove(harness, run, id)
  await renewing
  expect(run, status === 200 || status === 409, `the delete was answered with ${status}`)
  run.renewal!.deleted = status === 200
  // A payer may end what is paid; nothing else may.
  run.renewal!.endedByPayer = status === 200 && (await renewedFirst(harness, id))
}, 5)

/** Faults between a renewal and its deployment, which are two objects. */
export const renewalFaults: ReadonlyArray<Fault> = [
  { name: "renewal: the chain's answer lost", runs: 10, attack: answerLost },
  { name: "renewal: host down for 10 s", runs: 10, attack: hostDown },
  { name: "renewal: two at once", runs: 10, attack: twoAtOnce },
  { name: "renewal against delete", runs: 20, attack: againstDelete },
  { name: "renewal killed: sent never", runs: 10, alone: true, kills: true, attack: killedAt("before, then dropped") },
  {
    name: "renewal killed: sent late",
    runs: 10,
    alone: true,
    kills: true,
    attack: killedAt("before, then let through")
  },
  { name: "renewal killed: landed", runs: 10, alone: true, kills: true, attack: killedAt("after") }
]
