import type { Fault, Harness, Renewal, Run } from "./fault.ts"

/** One row of the table. The last five counts must be 0. */
export interface Row {
  readonly fault: string
  readonly runs: number
  readonly injected: number
  readonly captured: number
  readonly delivered: number
  readonly doubleCharges: number
  readonly lostPayments: number
  readonly chargedForNothing: number
  readonly orphans: number
  /** Renewals that were charged, and whose deployment is gone or does not live for the time that was paid for. */
  readonly chargedAndGone: number
  readonly broken: ReadonlyArray<string>
}

interface Project {
  readonly id: string
  readonly name: string
  readonly slug: string
  readonly status: string
}

/** A fault and its runs. */
export interface Case {
  readonly fault: Fault
  readonly runs: ReadonlyArray<Run>
}

/** The prices in base units. */
const prices = { deploy: 100_000n, execute: 10_000n }

/** Projects that a test created in another owner's name begin with this. */
export const stranger = "a stranger's"

/**
 * Assesses the runs by the chain's transfers, the control plane's own list and the answers of its sites. The gateway's word
 * counts only if it promised that nothing was charged.
 */
export const assess = async (
  harness: Harness,
  cases: ReadonlyArray<Case>,
  fromBlock: number,
  siteUrl: (slug: string) => string
): Promise<ReadonlyArray<Row>> => {
  const received = async () => {
    const transfers = await harness.chain.received(fromBlock)
    return ({ agent }: Run) =>
      transfers.filter(
        ({ from, transaction }) =>
          from.toLowerCase() === agent.account.address.toLowerCase() &&
          // A wallet of several runs has paid for this one what its agent has signed.
          (!agent.sharesWallet || agent.signed.has(transaction))
      )
  }
  // An agent that has paid for a run and has no answer asks once more, which is free. The transfers are counted afterwards.
  const before = await received()
  const results = new Map<Run, boolean>()
  for (const { fault, runs } of cases) {
    if (fault.operation !== "execute") continue
    for (const run of runs) {
      if (before(run).length > 0 && !hasResult(run)) await run.agent.call(run.body, run.key).catch(() => undefined)
      results.set(run, hasResult(run))
      const texts = run.agent.answers.flatMap(({ status, text }) => (status === 200 ? [text] : []))
      if (new Set(texts).size > 1 && run.broken.length === 0) run.broken.push(`its answers differ: ${texts.join(" ")}`)
    }
  }
  const transfersOf = await received()
  const { projects } = (await (await harness.controlPlane("GET", "projects")).json()) as { projects: Array<Project> }
  const ours = projects.filter(({ name }) => !name.startsWith(stranger))

  const liveSites = async (run: Run, own: ReadonlyArray<Project>): Promise<ReadonlyArray<Project>> => {
    const live = await Promise.all(
      own.map(async ({ slug }) => {
        const answer = await fetch(siteUrl(slug)).catch(() => undefined)
        return answer?.status === 200 && (await answer.text()) === run.slug
      })
    )
    return own.filter((_, index) => live[index])
  }

  const statusOf = async ({ id, gateway }: Renewal): Promise<string> =>
    (await fetch(`${gateway ?? harness.info.gateway}/deployments/${id}`)).text()

  /** Whether a deployment lives until the hour that its payments have bought. */
  const livesAsPaid = async ({ renewal }: Run, payments: number): Promise<boolean> => {
    if (renewal === undefined) return true
    const { expires_at } = JSON.parse(await statusOf(renewal)) as { readonly expires_at?: string }
    return (
      Date.parse(expires_at ?? "") ===
      Date.parse(renewal.expiresAt) + (payments - (renewal.deploys ?? 1)) * (renewal.ttlMs ?? 86_400_000)
    )
  }

  const rows: Array<Row> = []
  for (const { fault, runs } of cases) {
    const gone: Array<string> = []
    let [captured, delivered, doubleCharges, lostPayments, chargedForNothing, orphans, chargedAndGone] = [
      0, 0, 0, 0, 0, 0, 0
    ]
    for (const run of runs) {
      const paid = transfersOf(run)
      const own = ours.filter(({ slug }) => slug.startsWith(run.slug))
      const live = await liveSites(run, own)
      const { renewal } = run
      const deploys = renewal?.deploys ?? 1
      const isBrief = renewal?.ttlMs !== undefined && renewal.deleted !== true
      const done =
        fault.operation === "execute"
          ? Number(results.get(run))
          : isBrief
            ? Number(renewal.servedAfterExpiry === true)
            : live.length
      captured += paid.length
      delivered += done
      doubleCharges += Math.max(0, paid.length - (renewal?.most ?? 1))
      if (paid.length > 0 && done === 0 && renewal?.deleted !== true && !(isBrief && paid.length === deploys))
        lostPayments++
      const free = fault.free === true || run.agent.answers.at(-1)?.charged === false
      if (paid.length > (renewal === undefined ? 0 : deploys) && free) chargedForNothing++
      const lives = renewal?.deleted === true ? renewal.endedByPayer : done > 0 && (await livesAsPaid(run, paid.length))
      if (renewal !== undefined && paid.length > deploys && !lives) {
        chargedAndGone++
        gone.push(
          `${fault.name}, ${run.slug}: paid ${paid.length}, deployed ${deploys}, ended ${renewal.expiresAt}, served ` +
            `${renewal.servedAfterExpiry}; its status: ${await statusOf(renewal)}`
        )
      }
      if (paid.some(({ amount }) => amount !== prices[fault.operation ?? "deploy"]))
        run.broken.push("another amount was charged than the price")
      // A deployment that is deleted or over has no project any more.
      const owned = renewal?.deleted === true || isBrief ? 0 : Math.min(live.length, paid.length)
      orphans += own.length - owned
    }
    rows.push({
      fault: fault.name,
      runs: runs.length,
      injected: runs.filter(({ injected }) => injected).length,
      captured,
      delivered,
      doubleCharges,
      lostPayments,
      chargedForNothing,
      orphans,
      chargedAndGone,
      broken: [
        ...gone,
        ...runs.flatMap(({ slug, broken }) => broken.map((promise) => `${fault.name}, ${slug}: ${promise}`))
      ]
    })
  }

  const known = cases.flatMap(({ runs }) => runs)
  const nobodys = ours.filter(({ slug }) => !known.some((run) => slug.startsWith(run.slug)))
  if (nobodys.length > 0) throw new Error(`projects of no run: ${nobodys.map(({ slug }) => slug).join(", ")}`)
  return rows
}

/** Whether an execution has got its result: its slug, and a UUID that never repeats. */
const hasResult = ({ agent, slug }: Run): boolean =>
  agent.answers.some(({ status, text }) => status === 200 && text.startsWith(`{"result":["${slug}","`))

/** Whether everything has settled: each paid run is live, and no other has a project. */
export const settled = (rows: ReadonlyArray<Row>): boolean =>
  rows.every(({ lostPayments, orphans, chargedAndGone }) => lostPayments === 0 && orphans === 0 && chargedAndGone === 0)
