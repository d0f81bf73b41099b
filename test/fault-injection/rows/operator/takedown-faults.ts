import { setTimeout as sleep } from "node:timers/promises"
import { expect, type Fault, gate, type Harness, note, type Run } from "../../fault.ts"
import type { Bare } from "../../gateways/bare.ts"
import { intercept, type Step } from "../../intercept.ts"
import type { Rule } from "../../proxy.ts"
import { call, isTakenDown, listOwed, takeDown, TOKEN } from "./operator.ts"

/** The work that a takedown meets, and the steps at which it is held meanwhile. */
const KINDS = {
  delivery: ["create", "upload"],
  renewal: ["broadcast"],
  update: ["upload"]
} as const satisfies Readonly<Record<string, ReadonlyArray<Step>>>

/** A deployment that is taken down. */
interface Target {
  readonly run: Run
  readonly kind: keyof typeof KINDS
  /** Known of a delivery once it asks the host for its project. */
  id: string | undefined
  /** Its work has come to the step. */
  readonly held: ReturnType<typeof gate>
  /** The deployment's status tells of the takedown. */
  readonly taken: ReturnType<typeof gate>
  takenAt: number
  /** The payments that were delivered before. */
  delivered: ReadonlySet<string>
}

/** Each wave ends with a SIGKILL. */
const WAVES = 8

/** This long after its takedown a deployment is gone at the host, in milliseconds. */
const GONE_MS = 60_000

/** The chain knows the end of a payment that was being sent this long after the takedown, and the order a lease later. */
const OWED_MS = 120_000

/** The payments of a run, by their transactions. */
const paymentsOf = async (harness: Harness, { agent }: Run): Promise<ReadonlyArray<string>> => {
  const transfers = await harness.chain.received(0)
  const own = agent.account.address.toLowerCase()
  return transfers.flatMap(({ from, transaction }) => (from.toLowerCase() === own ? [transaction] : []))
}

const begin = async (harness: Harness, target: Target, { url }: Bare): Promise<void> => {
  const { run } = target
  const { deployment_id: id = "", text } = await run.agent.callUntilDone(run.body, run.key, url)
  const { expires_at: expiresAt } = JSON.parse(text) as { readonly expires_at: string }
  const most = target.kind === "renewal" ? 2 : 1
  run.renewal = { id, expiresAt, most, gateway: url, deleted: true, endedByPayer: true }
  target.id = id
  target.delivered = new Set(await paymentsOf(harness, run))
}

/** Reads the id of each delivery from the name of the project that it asks for. */
const watchCreates = (harness: Harness, targets: ReadonlyArray<Target>): (() => void) => {
  const rule: Rule = ({ method, path, body }) => {
    if (method !== "POST" || path !== "/v1/projects") return undefined
    const { name, slug } = JSON.parse(body.toString()) as { readonly name: string; readonly slug: string }
    const target = targets.find(({ run, kind }) => kind === "delivery" && slug.startsWith(run.slug))
    if (target !== undefined) target.id ??= name.replace(/^\S+ /, "")
    return undefined
  }
  harness.host.rules.add(rule)
  return () => void harness.host.rules.delete(rule)
}

/**
 * Does the work of a target until it comes to its step, because a busy gateway answers 503. A killed one gives no answer, and nobody
 * comes back.
 */
const work = async ({ run, kind, id }: Target, { url }: Bare, isDead: () => boolean): Promise<void> => {
  const once = {
    delivery: () => run.agent.call(run.body, run.key, url),
    renewal: () => call(run, url, id, "renew", { key: `renewal of ${run.slug}` }),
    update: () => call(run, url, id, "", { method: "PUT", body: JSON.stringify({ env: { NEWER: "a value" } }) })
  }[kind]
  for (; !run.injected && !isDead(); await sleep(500)) await once().catch(() => undefined)
}

/**
 * Lets each target's work come to its step, where it stays until its takedown is recorded, or the gateway is dead. Half of what is on
 * its way then arrives. SIGKILL finds some takedowns before, and some after they are recorded.
 */
const wave = async (harness: Harness, targets: ReadonlyArray<Target>, bare: Bare): Promise<void> => {
  const dead = gate()
  let isDead = false
  const hold = ({ run, held, taken }: Target, step: Step) =>
    intercept(
      harness,
      step,
      [run],
      async (_, forward) => {
        run.injected = true
        held.open()
        await Promise.race([taken.opened, dead.opened])
        return Math.random() < 0.5 ? "cut" : forward()
      },
      { every: true }
    )
  const releases = targets.flatMap((target) => KINDS[target.kind].map((step) => hold(target, step)))
  const works = targets.map((target) => work(target, bare, () => isDead))
  const downs = targets.map(async (target) => {
    await target.held.opened
    await sleep(600 * Math.random())
    const done = takeDown(bare.url, target.id)
    await isTakenDown(bare.url, target.id)
    target.takenAt = Date.now()
    target.taken.open()
    await done
  })
  await Promise.all(targets.map(({ held }) => held.opened))
  await sleep(600 * Math.random())
  bare.kill()
  isDead = true
  dead.open()
  await bare.revive()
  await Promise.all([...downs, ...works])
  for (const release of releases) release()
}

/** Waits until a target is gone at the host, and what was paid for nothing is listed as owed back. */
const settle = async (harness: Harness, target: Target, { url }: Bare): Promise<void> => {
  const { run, takenAt } = target
  const projects = async () => {
    const answer = (await (await harness.controlPlane("GET", "projects")).json()) as {
      readonly projects: ReadonlyArray<{ readonly slug: string }>
    }
    return answer.projects.filter(({ slug }) => slug.startsWith(run.slug)).length
  }
  while ((await projects()) > 0 && Date.now() < takenAt + GONE_MS) await sleep(1000)
  expect(run, (await projects()) === 0, "its project is there a minute after its takedown")
  const missing = async () => {
    const owed = await listOwed(url)
    const own = owed.filter(({ deployment_id }) => deployment_id === target.id)
    const unpaid = own.filter(({ state }) => state === "refund").map(({ reference }) => reference)
    const lost = (await paymentsOf(harness, run)).filter((payment) => !target.delivered.has(payment))
    return [
      ...lost.filter((payment) => !unpaid.includes(payment)).map((payment) => `${payment} is not listed as owed back`),
      ...unpaid.filter((payment) => !lost.includes(payment)).map((payment) => `${payment} is owed back for nothing`)
    ]
  }
  while ((await missing()).length > 0 && Date.now() < takenAt + OWED_MS) await sleep(2000)
  run.broken.push(...(await missing()))
}

/** Buys again after the takedown, by a new key and by the first one. Nothing is charged any more. */
const isFree = async (harness: Harness, { run, kind, id }: Target, { url }: Bare): Promise<void> => {
  const before = (await paymentsOf(harness, run)).length
  const refused = async (what: string, buy: () => Promise<Response>) => {
    let { status } = await buy()
    for (const end = Date.now() + 60_000; status === 503 && Date.now() < end; await sleep(1000))
      ({ status } = await buy())
    expect(run, status === 410, `${what} of what was taken down is answered with ${status}`)
  }
  await refused("a renewal", () => call(run, url, id, "renew", { key: `another of ${run.slug}` }))
  if (kind === "renewal")
    await refused("its renewal", () => call(run, url, id, "renew", { key: `renewal of ${run.slug}` }))
  await refused("its key", () => run.agent.call(run.body, run.key, url))
  expect(run, (await paymentsOf(harness, run)).length === before, "it was charged after its takedown")
}

/** Ends a wave that does not come to its steps, and says why. */
const tooLong = async (targets: ReadonlyArray<Target>): Promise<never> => {
  await sleep(120_000)
  const ways = targets.map(({ kind, run, takenAt }) => {
    const at = takenAt < Infinity ? "taken down" : run.injected ? "held" : "not at its step"
    return `${kind} ${at}: ${run.agent.answers.at(-1)?.text.slice(0, 200)}`
  })
  throw new Error(`a wave has not ended in two minutes:\n${ways.join("\n")}`)
}

/** Takedowns amid deliveries, renewals and updates, while the gateway is killed again and again. */
const takenDownAmid: Fault["attack"] = async (harness, runs) => {
  const bare = await harness.bare("bare-operator", { OPERATOR_TOKEN: TOKEN })
  const kinds = Object.keys(KINDS) as ReadonlyArray<keyof typeof KINDS>
  const targets = runs.map((run, index): Target => {
    run.renewal = { id: "", expiresAt: "", most: 1, gateway: bare.url, deleted: true, endedByPayer: true }
    const kind = kinds[index % kinds.length]!
    return { run, kind, id: undefined, held: gate(), taken: gate(), takenAt: Infinity, delivered: new Set() }
  })
  const each = (work: (target: Target) => Promise<unknown>) =>
    Promise.all(targets.map((target) => work(target).catch(note(target.run))))
  await each((target) => (target.kind === "delivery" ? Promise.resolve() : begin(harness, target, bare)))
  const release = watchCreates(harness, targets)
  for (let left = targets, size = Math.ceil(left.length / WAVES); left.length > 0; left = left.slice(size)) {
    await Promise.race([wave(harness, left.slice(0, size), bare), tooLong(left.slice(0, size))])
  }
  release()
  await each((target) => settle(harness, target, bare))
  await each((target) => isFree(harness, target, bare))
}

/** Faults of the operator's takedown. */
export const takedownFaults: ReadonlyArray<Fault> = [
  { name: "takedowns amid all work, and eight kills", runs: 30, attack: takenDownAmid }
]
