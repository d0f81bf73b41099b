import { setTimeout as sleep } from "node:timers/promises"
import { isQuestion } from "../intercept.ts"
import { expect, type Fault, note, type Harness, type Run } from "../fault.ts"
import { countPurchases } from "../purchases.ts"
import { type Exchange, type ProxiedResponse, reply, type Rule } from "../proxy.ts"

/** The gateway caches the host's answer for 5 s. */
const forgotten = 5_500

/** Calls once while the host cannot deliver. The answer must say so before any money moves, and name no deployment. */
const refused = async (harness: Harness, run: Run): Promise<void> => {
  const { agent } = run
  const before = await harness.chain.balance(agent.account.address)
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(300)) {
    await agent.call(run.body, run.key).catch(() => undefined)
    if (agent.answers.at(-1)?.code !== "busy") break
  }
  const { status, code, charged, deployment_id, text = "" } = agent.answers.at(-1) ?? {}
  const said = [status, code, charged, deployment_id].join(" ")
  expect(run, said === [502, "deploy_failed", false, undefined].join(" "), `not said before the payment: ${text}`)
  expect(run, (await harness.chain.balance(agent.account.address)) === before, "money has moved")
}

/**
 * The host answers the request before a payment with something else, or not at all. No money may move, and nothing may be
 * created or stored. Once the host works again, the same call must succeed.
 */
const question = (fault: string, answer: (exchange: Exchange) => Promise<ProxiedResponse> | undefined): Fault => ({
  name: `before the payment: ${fault}`,
  runs: 10,
  alone: true,
  attack: async (harness, runs) => {
    await sleep(forgotten)
    let struck = 0
    const rule: Rule = (exchange) => {
      const response = answer(exchange)
      if (response !== undefined && isQuestion(exchange)) struck++
      return response
    }
    const purchases = countPurchases(harness.dir)
    harness.host.rules.add(rule)
    await Promise.all(runs.map((run) => refused(harness, run).catch(note(run))))
    const { projects } = (await (await harness.controlPlane("GET", "projects")).json()) as {
      projects: ReadonlyArray<{ slug: string }>
    }
    const left = countPurchases(harness.dir) - purchases
    for (const run of runs) {
      run.injected = struck > 0
      expect(run, !projects.some(({ slug }) => slug.startsWith(run.slug)), "a project was made")
      expect(run, left === 0, `${left} orders were written down`)
    }
    harness.host.rules.delete(rule)
    await Promise.all(runs.map((run) => run.agent.callUntilDone(run.body, run.key).catch(note(run))))
  }
})

const toQuestion = (response: () => Promise<ProxiedResponse>) => (exchange: Exchange) =>
  isQuestion(exchange) ? response() : undefined

/** Faults of the host before a payment. */
export const questionFaults: ReadonlyArray<Fault> = [
  question("the host is down", async (): Promise<ProxiedResponse> => "cut"),
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
