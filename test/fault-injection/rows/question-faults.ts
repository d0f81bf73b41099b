import { setTimeout as sleep } from "node:timers/promises"
import { isQuestion } from "../catch.ts"
import { expect, type Fault, note, type Rig, type Run } from "../fault.ts"
import { countPurchases } from "../purchases.ts"
import { type Exchange, type Fate, reply, type Rule } from "../proxy.ts"

/** The gateway remembers for 5 s what the host has answered. */
const forgotten = 5_500

/** One call while the host cannot deliver: it must be told before anything has moved, and name no deployment. */
const refused = async (rig: Rig, run: Run): Promise<void> => {
  const { agent } = run
  const before = await rig.bank.balance(agent.account.address)
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(300)) {
    await agent.call(run.body, run.key).catch(() => undefined)
    if (agent.answers.at(-1)?.code !== "busy") break
  }
  const { status, code, charged, deployment_id, text = "" } = agent.answers.at(-1) ?? {}
  const said = [status, code, charged, deployment_id].join(" ")
  expect(run, said === [502, "deploy_failed", false, undefined].join(" "), `not said before the payment: ${text}`)
  expect(run, (await rig.bank.balance(agent.account.address)) === before, "money has moved")
}

/**
 * What the host answers when it is asked before a payment, or does to the question. Nothing may have moved, been made or
 * written down; and once the host is well again, the same call is sold as if nothing had been.
 */
const question = (what: string, answer: (exchange: Exchange) => Promise<Fate> | undefined): Fault => ({
  name: `before the payment: ${what}`,
  runs: 10,
  alone: true,
  attack: async (rig, runs) => {
    await sleep(forgotten)
    let struck = 0
    const rule: Rule = (exchange) => {
      const fate = answer(exchange)
      if (fate !== undefined && isQuestion(exchange)) struck++
      return fate
    }
    const purchases = countPurchases(rig.dir)
    rig.host.rules.add(rule)
    await Promise.all(runs.map((run) => refused(rig, run).catch(note(run))))
    const { projects } = (await (await rig.controlPlane("GET", "projects")).json()) as {
      projects: ReadonlyArray<{ slug: string }>
    }
    const left = countPurchases(rig.dir) - purchases
    for (const run of runs) {
      run.injected = struck > 0
      expect(run, !projects.some(({ slug }) => slug.startsWith(run.slug)), "a project was made")
      expect(run, left === 0, `${left} orders were written down`)
    }
    rig.host.rules.delete(rule)
    await Promise.all(runs.map((run) => run.agent.insist(run.body, run.key).catch(note(run))))
  }
})

const toQuestion = (fate: () => Promise<Fate>) => (exchange: Exchange) => (isQuestion(exchange) ? fate() : undefined)

/** What can be wrong with the host before anybody has paid. */
export const questionFaults: ReadonlyArray<Fault> = [
  question("the host is down", async (): Promise<Fate> => "cut"),
  question(
    "the host answers 401",
    toQuestion(async () => reply(401, { error: "unauthorized", message: "Token verification failed" }))
  ),
  question(
    "the account cannot be reached",
    toQuestion(async () => reply(200, { auth: {}, user: { username: "jane-doe" }, org: {} }))
  ),
  question(
    "the host hangs",
    toQuestion(() => sleep(20_000).then(() => "cut" as const))
  )
]
