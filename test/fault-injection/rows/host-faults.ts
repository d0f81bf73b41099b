import { setTimeout as sleep } from "node:timers/promises"
import { blackout, intercept, isQuestion, runAt, type Step } from "../catch.ts"
import { each, expect, type Fault, type Rig, type Run, strike } from "../fault.ts"
import { stranger } from "../assess.ts"
import { type Exchange, type Fate, type Reply, reply } from "../proxy.ts"

/** One fault at one step, once for each run; then the order has to become live by itself, and all answers to be true. */
const once = (step: Step, handle: (forward: () => Promise<Reply>) => Promise<Fate>) =>
  each(async (rig, run) => {
    intercept(rig, step, [run], async (_, forward) => {
      run.injected = true
      return handle(forward)
    })
    await run.agent.insist(run.body, run.key)
  })

const refusal = (message: string) => async () => reply(400, { error: "invalid_request", message })
const plainText = async () => reply(500, "Internal Server Error")
/** It happens, and nobody hears of it. */
const lost = async (forward: () => Promise<Reply>): Promise<Fate> => {
  await forward()
  return "cut"
}
/** It is answered after whoever asked has given up, and in every other run it happens no earlier. */
const late = (seconds: number) => {
  let runs = 0
  return async (forward: () => Promise<Reply>) => {
    const answer = ++runs % 2 === 0 ? await forward() : undefined
    await sleep(seconds * 1000)
    return answer ?? forward()
  }
}

/** A stranger's project on the slug of each run, which must be there, and be the same, afterwards. */
const taken = each(async (rig: Rig, run: Run) => {
  const name = `${stranger} ${run.slug}`
  run.injected = (await rig.controlPlane("POST", "projects", { name, slug: run.slug })).status === 201
  const before = await (await rig.controlPlane("GET", `projects/by-slug/${run.slug}`)).text()
  await run.agent.insist(run.body, run.key)
  const after = await (await rig.controlPlane("GET", `projects/by-slug/${run.slug}`)).text()
  expect(run, before === after, "a stranger's project was touched")
})

/** What can go wrong with the control plane. */
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
    attack: async (rig, runs) => {
      const strikes = (exchange: Exchange) => {
        const run = runAt(rig, "create", runs, exchange)
        if (run !== undefined) run.injected = true
      }
      const restore = blackout(rig.host, strikes, isQuestion)
      const calls = runs.map(async (run) => {
        const { status, code, charged, text } = (await strike(run)) ?? {}
        if (status === 502) expect(run, code === "deploy_failed" && charged === true, `502 says ${text}`)
        await run.agent.insist(run.body, run.key)
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
