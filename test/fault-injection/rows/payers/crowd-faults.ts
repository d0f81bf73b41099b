import { setTimeout as sleep } from "node:timers/promises"
import { isEnded, type Status } from "../../../../src/domain/Status.ts"
import { Agent } from "../../agent.ts"
import { expect, type Fault, gate, type Harness, note, type Run } from "../../fault.ts"
import type { Bare } from "../../gateways/bare.ts"
import { intercept } from "../../intercept.ts"

/** The most deployments that the payer may have. */
const CAP = 20

/** The gateway is killed when this many payments are at the chain. */
const KILLED_AT = 12

/** This long after the kill all counts agree, and the places of what died are given back, in milliseconds. */
const LEASE_MS = 60_000

/** The payer's deployments, as its notices say. */
interface Counts {
  /** Those that the payer's list calls live, and those that count because they may be paid for. */
  readonly live: number
  readonly listed: number
  /** The projects of the control plane's list. */
  readonly projects: number
  /** The charges of the chain. */
  readonly charges: number
}

const count = async (harness: Harness, runs: ReadonlyArray<Run>, payer: Agent, url: string): Promise<Counts> => {
  const listed = await payer.pay(`${url}/deployments`, {})
  const { deployments } = (await listed.json()) as { readonly deployments: ReadonlyArray<Status> }
  const answer = await harness.controlPlane("GET", "projects")
  const { projects } = (await answer.json()) as { readonly projects: ReadonlyArray<{ readonly slug: string }> }
  const charges = await harness.chain.received(0)
  return {
    live: deployments.filter(({ status }) => status === "live").length,
    listed: deployments.filter((one) => !isEnded(one)).length,
    projects: projects.filter(({ slug }) => runs.some((run) => slug.startsWith(run.slug))).length,
    charges: charges.filter(({ from }) => from.toLowerCase() === payer.account.address.toLowerCase()).length
  }
}

const agree = ({ live, ...others }: Counts): boolean => Object.values(others).every((other) => other === live)

/** Repeats a purchase until it is live, or is refused for good; before the kill until the gateway is dead. */
const buy = async (run: Run, { url }: Bare, isOver: () => boolean, isRefusal: () => boolean): Promise<void> => {
  for (; !isOver(); await sleep(1000 + 1000 * Math.random())) {
    const final = isRefusal()
    await run.agent.call(run.body, run.key, url).catch(() => undefined)
    const { status, code } = run.agent.answers.at(-1) ?? {}
    if (status === 200 || (final && code === "too_many_deployments")) return
  }
}

/**
 * Fifty purchases of one payer at once, each of whose steps takes up to a second and a half. SIGKILL finds them at every step, and
 * half of what was on its way arrives after it.
 */
const killedInTheMidst = async (harness: Harness, runs: ReadonlyArray<Run>, first: Run): Promise<void> => {
  const bare = await harness.bare("bare-crowd", { MAX_LIVE_PER_PAYER: String(CAP) })
  const payer = new Agent(harness.info, bare.url, "/deploy", first.agent.privateKey)
  let [sent, killedAt] = [0, Infinity]
  const midst = gate()
  const isDead = () => killedAt <= Date.now()
  const releases = (["broadcast", "create", "upload"] as const).map((step) =>
    intercept(harness, step, runs, async (_, forward) => {
      if (step === "broadcast" && ++sent === KILLED_AT) midst.open()
      await sleep(1500 * Math.random())
      return isDead() && Math.random() < 0.5 ? "cut" : forward()
    })
  )
  const begun = Promise.all(runs.map((run) => buy(run, bare, isDead, () => false).catch(note(run))))
  await Promise.race([midst.opened, sleep(180_000)])
  killedAt = Date.now()
  bare.kill()
  await begun
  for (const release of releases) release()
  const answered = runs.filter(({ agent }) => agent.answers.some(({ status }) => status === 200)).length
  for (const run of runs) run.injected = sent >= KILLED_AT && answered < sent
  await bare.revive()

  // Nobody comes back yet, so the alarms must finish what is paid for.
  let counts = await count(harness, runs, payer, bare.url)
  while (!agree(counts) && Date.now() < killedAt + LEASE_MS) {
    await sleep(1000)
    counts = await count(harness, runs, payer, bare.url)
  }
  expect(first, agree(counts), `a minute after the kill the counts are ${JSON.stringify(counts)}`)
  expect(first, counts.live >= answered, `${answered} were answered, and ${counts.live} are live`)

  const end = Date.now() + 180_000
  const hasPlaces = () => Date.now() > killedAt + LEASE_MS
  await Promise.all(runs.map((run) => buy(run, bare, () => Date.now() > end, hasPlaces).catch(note(run))))
  counts = await count(harness, runs, payer, bare.url)
  expect(first, agree(counts) && counts.live === CAP, `at the end the counts are ${JSON.stringify(counts)}`)
  const refused = runs.filter(({ agent }) => {
    const { code, charged } = agent.answers.at(-1) ?? {}
    return code === "too_many_deployments" && charged === false
  })
  expect(first, refused.length === runs.length - CAP, `${refused.length} were refused at no cost`)
}

/** Faults of what one payer has. */
export const crowdFaults: ReadonlyArray<Fault> = [
  {
    name: "killed: fifty of one payer at once",
    runs: 50,
    onePayer: true,
    attack: (harness, runs) => killedInTheMidst(harness, runs, runs[0]!).catch(note(runs[0]!))
  }
]
