import { setTimeout as sleep } from "node:timers/promises"
import { blackout, intercept } from "../intercept.ts"
import { each, expect, type Fault, gate, type Harness, type Run, strike } from "../fault.ts"

/** Once the account has money again, the same call continues. It costs once and is delivered. */
const afterRefill = async (harness: Harness, run: Run) => {
  await harness.chain.refill(run.agent.account.address)
  await run.agent.callUntilDone(run.body, run.key)
}

/** Empties the account between simulation and broadcast. The gateway must refuse the call without a charge. */
const emptied = (rest: bigint) =>
  each(async (harness, run) => {
    const release = intercept(harness, "broadcast", [run], async (_, forward) => {
      await harness.chain.drain(run.agent.privateKey, rest)
      run.injected = (await harness.chain.balance(run.agent.account.address)) === rest
      return forward()
    })
    // The stock client signs up to three times. With an empty account the gateway refuses every try before it sends anything.
    await strike(run)
    // Nothing may empty the account after the refill.
    release()
    const { answers } = run.agent
    expect(run, !answers.some(({ charged }) => charged === true), "an unpaid order was called charged")
    await afterRefill(harness, run)
  })

/** Faults of the chain. */
export const chainFaults: ReadonlyArray<Fault> = [
  {
    name: "RPC cut before the chain accepts",
    runs: 10,
    attack: each(async (harness, run) => {
      intercept(harness, "broadcast", [run], async () => {
        run.injected = true
        return "cut"
      })
      const { code, charged } = (await strike(run)) ?? {}
      expect(run, code === "payment_pending" && charged === null, `not pending: ${code}`)
      await run.agent.callUntilDone(run.body, run.key)
    })
  },
  {
    name: "RPC cut right after the chain accepts",
    runs: 10,
    attack: each(async (harness, run) => {
      intercept(harness, "broadcast", [run], async (_, forward) => {
        run.injected = (await forward()).status === 200
        return "cut"
      })
      await run.agent.callUntilDone(run.body, run.key)
      expect(run, run.agent.answers.at(-1)?.status === 200, "not live at once")
    })
  },
  {
    name: "RPC down for 10 s from capture on",
    runs: 10,
    alone: true,
    attack: async (harness, runs) => {
      // Every other payment is on the chain when it goes down, and the rest never reach it.
      const [all, ten] = [gate(), gate()]
      let caught = 0
      intercept(harness, "broadcast", runs, async (run, forward) => {
        run.injected = true
        if (runs.indexOf(run) % 2 === 0) await forward()
        if (++caught === runs.length) all.open()
        await ten.opened
        return "cut"
      })
      const calls = runs.map((run) =>
        run.agent.callUntilDone(run.body, run.key).catch((cause: unknown) => run.broken.push(String(cause)))
      )
      await Promise.race([all.opened, sleep(60_000)])
      const restore = blackout(harness.rpc)
      ten.open()
      await sleep(10_000)
      restore()
      await Promise.all(calls)
    }
  },
  { name: "chain reverts", runs: 10, attack: emptied(60_000n) },
  { name: "wallet emptied during the build", runs: 10, attack: emptied(0n) }
]
