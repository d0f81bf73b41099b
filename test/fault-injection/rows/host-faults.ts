import { setTimeout as sleep } from "node:timers/promises"
import { blackout, intercept, isQuestion, runAt, type Step } from "../intercept.ts"
import { each, expect, type Fault, type Harness, type Run, strike } from "../fault.ts"
import { stranger } from "../assess.ts"
import { type Exchange, type ProxiedResponse, type Reply, reply } from "../proxy.ts"

/** Makes one fault at one step, once for each run. Then the order must go live by itself, and all its answers must be true. */
const once = (step: Step, handle: (forward: () => Promise<Reply>) => Promise<ProxiedResponse>) =>
  each(async (harness, run) => {
    intercept(harness, step, [run], async (_, forward) => {
      run.injected = true
      return handle(forward)
    })
    await run.agent.callUntilDone(run.body, run.key)
  })

const refusal = (message: string) => async () => reply(400, { error: "invalid_request", message })
const plainText = async () => reply(500, "Internal Server Error")
/** The request takes effect, and its answer is lost. */
const lost = async (forward: () => Promise<Reply>): Promise<ProxiedResponse> => {
  await forward()
  return "cut"
}
/** The answer comes after the gateway has given up. In every other run the request takes effect only then. */
const late = (seconds: number) => {
  let runs = 0
  return async (forward: () => Promise<Reply>) => {
    const answer = ++runs % 2 === 0 ? await forward() : undefined
    await sleep(seconds * 1000)
    return answer ?? forward()
  }
}

/** A stranger has a project on the slug of each run. The project must be unchanged afterwards. */
const taken = each(async (harness: Harness, run: Run) => {
  const name = `${stranger} ${run.slug}`
  run.injected = (await harness.controlPlane("POST", "projects", { name, slug: run.slug })).status === 201
  const before = await (await harness.controlPlane("GET", `projects/by-slug/${run.slug}`)).text()
  await run.agent.callUntilDone(run.body, run.key)
  const after = await (await harness.controlPlane("GET", `projects/by-slug/${run.slug}`)).text()
  expect(run, before === after, "a stranger's project was touched")
})

/** Faults of the control plane. */
export const hostFaults: ReadonlyArray<Fault> = [
  { name: "create answers after the timeout", runs: 10, attack: once("create", late(16)) },
  { name: "upload answers after the timeout", runs: 10, attack: once("upload", late(31)) },
  { name: "create refused", runs: 10, attack: once("create", refusal("no more projects today")) },
  { name: "upload refused", runs: 10, attack: once("upload", refusal("no more uploads today")) },
  { name: "create answers text/plain 500", runs: 10, attack: once("create", plainText) },
  { name: "upload answers text/plain 500", runs: 10, attack: once("upload", plainText) },
  { name: "create's answer lost", runs: 10, attack: once("create", lost) },
  { name: "upload's answer lost", runs: 10, attack: once("upload", lost) },
  { name: "slug taken by another", runs: 10, attack: taken },
  {
    name: "control plane down for 20 s from the payment on",
    runs: 10,
    alone: true,
    attack: async (harness, runs) => {
      const strikes = (exchange: Exchange) => {
        const run = runAt(harness, "create", runs, exchange)
        if (run !== undefined) run.injected = true
      }
      const restore = blackout(harness.host, strikes, isQuestion)
      const calls = runs.map(async (run) => {
        const { status, code, charged, text } = (await strike(run)) ?? {}
        if (status === 502) expect(run, code === "deploy_failed" && charged === true, `502 says ${text}`)
        await run.agent.callUntilDone(run.body, run.key)
      })
      await sleep(20_000)
      restore()
      const outcomes = await Promise.allSettled(calls)
      outcomes.forEach((outcome, index) => {
        if (outcome.status === "rejected") runs[index]?.broken.push(String(outcome.reason))
      })
    }
  }
]
