import { setTimeout as sleep } from "node:timers/promises"
import { intercept, type Step } from "../intercept.ts"
import { expect, type Fault, gate, note, type Run, strike } from "../fault.ts"

/** When a request is held: before it continues, or after its answer; and whether it continues once the gateway is dead. */
type Hold = "before, then dropped" | "before, then let through" | "after"

/** Kills the gateway while every run is held at one step, and starts it again on the same storage. */
export const killedAt =
  (step: Step, hold: Hold): Fault["attack"] =>
  async (harness, runs) => {
    const [all, dead] = [gate(), gate()]
    let held = 0
    const release = intercept(harness, step, runs, async (run, forward) => {
      const answer = hold === "after" ? await forward() : undefined
      run.injected = true
      if (++held === runs.length) all.open()
      await dead.opened
      if (hold === "before, then let through") await forward()
      return answer ?? "cut"
    })
    const first = runs.map((run) => strike(run))
    await Promise.race([all.opened, sleep(60_000)])
    await harness.kill()
    dead.open()
    await Promise.all(first)
    release()
    await harness.revive()
    // Half of the clients never come back, so the alarm must finish their orders.
    await Promise.all(runs.filter((_, index) => index % 2 === 0).map((run) => again(run)))
  }

const again = (run: Run, gateway?: string) => run.agent.callUntilDone(run.body, run.key, gateway).catch(note(run))

/** Kills the gateway's processes with SIGKILL at every stored state. */
export const crashFaults: ReadonlyArray<Fault> = [
  { name: "killed: capturing, sent never", step: "broadcast" as const, hold: "before, then dropped" as const },
  { name: "killed: capturing, sent late", step: "broadcast" as const, hold: "before, then let through" as const },
  { name: "killed: capturing, landed", step: "broadcast" as const, hold: "after" as const },
  { name: "killed: captured, create sent late", step: "create" as const, hold: "before, then let through" as const },
  { name: "killed: captured, create answered", step: "create" as const, hold: "after" as const },
  { name: "killed: placed, not tagged", step: "tag" as const, hold: "before, then dropped" as const },
  { name: "killed: tagged, upload sent late", step: "upload" as const, hold: "before, then let through" as const },
  { name: "killed: uploaded, unanswered", step: "upload" as const, hold: "after" as const }
]
  .map(({ name, step, hold }): Fault => ({ name, runs: 10, alone: true, kills: true, attack: killedAt(step, hold) }))
  .concat([
    {
      name: "killed: delivered",
      runs: 10,
      alone: true,
      kills: true,
      attack: async (harness, runs) => {
        await Promise.all(runs.map((run) => again(run)))
        await harness.kill()
        await harness.revive()
        for (const run of runs) {
          run.injected = true
          const before = run.agent.answers.at(-1)?.text
          await again(run)
          expect(run, run.agent.answers.at(-1)?.text === before, "the stored answer was forgotten")
        }
      }
    },
    {
      name: "killed at random",
      runs: 20,
      alone: true,
      attack: async (harness, runs) => {
        const bare = await harness.bare()
        for (const run of runs) {
          const call = run.agent.call(run.body, run.key, bare.url).catch(() => undefined)
          await sleep(Math.random() * 800)
          bare.kill()
          run.injected = true
          await call
          await bare.revive()
        }
        await Promise.all(runs.map((run) => again(run, bare.url)))
      }
    }
  ])
