import { setTimeout as sleep } from "node:timers/promises"
import { Agent } from "../agent.ts"
import { chainFaults } from "./chain-faults.ts"
import { crashFaults } from "./crash-faults.ts"
import { each, expect, type Fault, note } from "../fault.ts"
import { repeatFaults } from "./repeat-faults.ts"

/** The faults of a deploy before its delivery, which an execution can have too. */
const shared = [...chainFaults, ...repeatFaults, ...crashFaults]
  .filter(({ name }) =>
    [
      "RPC cut before the chain accepts",
      "RPC cut right after the chain accepts",
      "50 requests at once with one credential",
      "response lost, the call repeated with its key",
      "two calls at once without a key",
      "killed: capturing, landed",
      "killed: delivered"
    ].includes(name)
  )
  .map((fault): Fault => ({ ...fault, name: `execute: ${fault.name}`, operation: "execute" }))

/** Code that runs for two seconds, so that a fault can strike while it runs. */
const slowly = (slug: string) =>
  `export const run = () => new Promise((go) => setTimeout(() => go(["${slug}", crypto.randomUUID()]), 2000))`

/** Faults of an execution. */
export const executeFaults: ReadonlyArray<Fault> = [
  ...shared,
  {
    name: "execute: killed while it runs",
    operation: "execute",
    runs: 10,
    alone: true,
    kills: true,
    source: slowly,
    attack: async (harness, runs) => {
      const calls = runs.map((run) => run.agent.call(run.body, run.key).catch(() => undefined))
      // The run is paid, and half of its two seconds have passed.
      const paid = async () => new Set((await harness.chain.received(0)).map(({ from }) => from.toLowerCase()))
      const isPaid = async () => {
        const payers = await paid()
        return runs.every(({ agent }) => payers.has(agent.account.address.toLowerCase()))
      }
      for (const end = Date.now() + 20_000; Date.now() < end && !(await isPaid());) await sleep(100)
      await sleep(500)
      for (const run of runs) run.injected = !run.agent.answers.some(({ status }) => status === 200)
      await harness.kill()
      await Promise.all(calls)
      await harness.revive()
      await Promise.all(runs.filter((_, index) => index % 2 === 0).map((run) => callUntilDone(run).catch(note(run))))
    }
  },
  {
    name: "execute: a neighbour takes the runner down",
    operation: "execute",
    runs: 10,
    alone: true,
    source: slowly,
    attack: async (harness, runs) => {
      const neighbour = new Agent(harness.info, harness.info.gateway, "/execute")
      await harness.chain.fund([neighbour.account.address])
      const before = harness.restarts()
      const spin = JSON.stringify({
        code: "export const run = () => new Promise((go) => setTimeout(go, 1000)).then(() => { for (;;); })"
      })
      const calls = runs.map((run) => callUntilDone(run).catch(note(run)))
      const guilty = await neighbour.callUntilDone(spin, crypto.randomUUID())
      await Promise.all(calls)
      for (const run of runs) {
        run.injected = harness.restarts() > before
        expect(run, guilty.text.includes("ResourceLimitExceeded"), `the neighbour was answered ${guilty.text}`)
        expect(run, run.agent.answers.at(-1)?.text.includes(run.slug) === true, "it has no result")
      }
    }
  },
  {
    name: "execute: throws at its start",
    operation: "execute",
    runs: 10,
    free: true,
    source: (slug) => `throw new Error("${slug}"); export const run = () => 1`,
    attack: each(async (_harness, run) => {
      const { status } = await run.agent.call(run.body, run.key)
      run.injected = status === 422
    }, 2)
  }
]

const callUntilDone = ({ agent, body, key }: Parameters<typeof note>[0]) => agent.callUntilDone(body, key)
