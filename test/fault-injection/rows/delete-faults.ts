import { setTimeout as sleep } from "node:timers/promises"
import { each, expect, type Fault, type Harness, type Run } from "../fault.ts"
import { intercept, whenAbout } from "../intercept.ts"
import type { Rule } from "../proxy.ts"

/** Deploys, and returns the deployment. */
const begin = async (run: Run): Promise<{ readonly id: string; readonly url: string }> => {
  const { deployment_id: id = "", url = "", text } = await run.agent.callUntilDone(run.body, run.key)
  const { expires_at: expiresAt } = JSON.parse(text) as { readonly expires_at: string }
  run.renewal = { id, expiresAt, most: 1, endedByPayer: true }
  return { id, url }
}

/** Deletes once, and returns the status of the answer; 0 for none. */
const remove = async (run: Run, id: string, gateway: string): Promise<number> => {
  const response = await run.agent.pay(`${gateway}/deployments/${id}`, { method: "DELETE" }).catch(() => undefined)
  return response?.status ?? 0
}

/** The deployment goes without another call within two minutes, and its key answers that it is gone. */
const goes = async (harness: Harness, run: Run, { id, url }: { readonly id: string; readonly url: string }) => {
  for (const end = Date.now() + 120_000; (await fetch(url)).status !== 404; await sleep(500)) {
    if (Date.now() > end) throw new Error("still there two minutes after its delete")
  }
  run.renewal!.deleted = true
  const key = await run.agent.call(run.body, run.key)
  expect(run, key.status === 410, `the key of a deleted deployment answers ${key.status}`)
  const status = (await (await fetch(`${harness.info.gateway}/deployments/${id}`)).json()) as {
    readonly status: string
  }
  expect(run, status.status === "deleted", `the status of a deleted deployment is ${status.status}`)
}

/** The host deletes the project, and its answer is lost. */
const hostsAnswerLost = each(async (harness, run) => {
  const deployment = await begin(run)
  intercept(harness, "delete", [run], async (_, forward) => {
    await forward()
    run.injected = true
    return "cut"
  })
  const status = await remove(run, deployment.id, harness.info.gateway)
  expect(run, status === 200 || status === 409, `the delete was answered with ${status}`)
  await goes(harness, run, deployment)
})

/** The client never learns that its delete was taken, and does not come back. */
const clientsAnswerLost = each(async (harness, run) => {
  const deployment = await begin(run)
  const rule: Rule = (exchange, forward) => {
    if (exchange.method !== "DELETE" || !exchange.path.endsWith(deployment.id)) return undefined
    // The first of the two requests asks for the proof.
    if (exchange.headers["authorization"] === undefined) return undefined
    run.injected = true
    return forward().then(() => "cut" as const)
  }
  harness.front.rules.add(rule)
  expect(run, (await remove(run, deployment.id, harness.front.url)) === 0, "the answer was not lost")
  harness.front.rules.delete(rule)
  await goes(harness, run, deployment)
})

/** The host answers nothing about the project for 15 s. The order says so, and deletes it by itself afterwards. */
const hostDown = each(async (harness, run) => {
  const deployment = await begin(run)
  const restore = whenAbout(harness, run, async () => {
    run.injected = true
    return "cut"
  })
  const status = await remove(run, deployment.id, harness.info.gateway)
  expect(run, status === 409, `the delete was answered with ${status} while the host was down`)
  await sleep(15_000)
  restore()
  await goes(harness, run, deployment)
})

/** Faults of a delete by its payer. `points/` kills the process in the middle of one. */
export const deleteFaults: ReadonlyArray<Fault> = [
  { name: "delete: the host's answer lost", runs: 10, attack: hostsAnswerLost },
  { name: "delete: the client's answer lost", runs: 10, attack: clientsAnswerLost },
  { name: "delete: host down for 15 s", runs: 10, attack: hostDown }
]
