// `npm run test:faults`: the promises under attack, on the real stack. Arguments select faults by a part of their name, and
// `--without-hold` shows that the faults of renewals are red if deployments do not wait for payments. With PAY_IN=second the
// stack offers two tokens, and the agents pay in the second.
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Hex } from "viem"
import { generatePrivateKey } from "viem/accounts"
import { Agent } from "./agent.ts"
import { chainFaults } from "./rows/chain-faults.ts"
import { crashFaults } from "./rows/crash-faults.ts"
import { crowdFaults } from "./rows/payers/crowd-faults.ts"
import { deleteFaults } from "./rows/delete-faults.ts"
import { executeFaults } from "./rows/execute-faults.ts"
import type { Fault, Run } from "./fault.ts"
import { forgedFaults } from "./rows/forged-faults.ts"
import { hostFaults } from "./rows/host-faults.ts"
import { type Case, assess, settled } from "./assess.ts"
import { compareCounters } from "./counters.ts"
import { questionFaults } from "./rows/question-faults.ts"
import { repeatFaults } from "./rows/repeat-faults.ts"
import { resourceFaults } from "./rows/resource-faults.ts"
import { renewalFaults } from "./rows/renewal-faults.ts"
import { resetFaults } from "./rows/reset-faults.ts"
import { type Points, pointFaults, startPoints } from "./points/main.ts"
import { Canaries, leaks } from "./leaks.ts"
import { startHarness } from "./harness.ts"
import { takedownFaults } from "./rows/operator/takedown-faults.ts"
import { updateFaults } from "./rows/update-faults.ts"
import { objections, table } from "./table.ts"

/** Takes the hold out of the test build. Then the rows of its points must be red. */
const withoutHold = process.argv.includes("--without-hold")
const wanted = withoutHold ? [pointFaults[0]] : process.argv.slice(2)
const isWanted = ({ name }: { readonly name: string }) =>
  wanted.length === 0 || wanted.some((part) => name.includes(part))

/** The number of faults at a time. Most of them wait most of the time. */
const width = 4
const steadyFaults = [
  ...chainFaults,
  // This fault takes longest, so it begins first, and the others wait beside it.
  ...updateFaults.toReversed(),
  ...crowdFaults,
  ...takedownFaults,
  ...hostFaults,
  ...resourceFaults,
  ...renewalFaults,
  ...deleteFaults,
  ...questionFaults,
  ...repeatFaults,
  ...forgedFaults,
  ...resetFaults,
  ...crashFaults,
  ...executeFaults
].filter(isWanted)
const started = Date.now()
const print = (line: string) => console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}`)

const harness = await startHarness(print, process.env["PAY_IN"] === "second" ? "second" : "first")
let points: Points | undefined
const stop = async () => {
  await points?.stop()
  await harness.stop()
}
const interrupt = () => void stop().finally(() => process.exit(130))
process.once("SIGINT", interrupt).once("SIGTERM", interrupt)
try {
  const { info } = harness
  if (pointFaults.some((name) => isWanted({ name }))) points = await startPoints(harness, print, withoutHold)
  const faults = [...(points?.faults.filter(isWanted) ?? []), ...steadyFaults]
  let count = 0
  const canaries = new Canaries()
  const newRun = ({ operation, source: code, files, secret }: Fault, sharedKey?: Hex): Run => {
    const slug = `run${String(++count).padStart(4, "0")}`
    const name = secret ?? (count % 2 === 0 ? "CANARY" : undefined)
    const source = `export default { fetch: () => new Response(${JSON.stringify(slug)}) }`
    const agent = new Agent(info, info.gateway, operation === "execute" ? "/execute" : "/deploy", sharedKey)
    const body =
      operation === "execute"
        ? { code: code?.(slug) ?? `export const run = () => ["${slug}", crypto.randomUUID()]` }
        : {
            name: slug,
            files: files?.(slug) ?? { "index.ts": source },
            ...(name !== undefined && { env: { [name]: canaries.of(slug) } })
          }
    return { slug, body: JSON.stringify(body), key: crypto.randomUUID(), agent, injected: false, broken: [] }
  }
  const cases: ReadonlyArray<Case> = faults.map((fault) => {
    const sharedKey = fault.onePayer === true ? generatePrivateKey() : undefined
    return { fault, runs: Array.from({ length: fault.runs }, () => newRun(fault, sharedKey)) }
  })
  const fromBlock = await harness.chain.block()
  const gardener = new Agent(info, info.gateway)
  const agents = cases.flatMap(({ runs }) => runs.map(({ agent }) => agent))
  await harness.chain.fund([...agents, gardener].map(({ account }) => account.address))
  print(`${count} payers have their dollar`)

  const attack = async ({ fault, runs }: Case) => {
    await fault.attack(harness, runs)
    print(`${fault.name}: done`)
  }
  // Faults that wait for timeouts run together. Faults that break the whole stack run one by one.
  const waiting = cases.filter(({ fault }) => fault.alone !== true)
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await attack(next)
  }
  // The faults at points have gateways of their own, and begin first because they take longest.
  await Promise.all(Array.from({ length: width + (points?.faults.length ?? 0) }, worker))
  const alone = cases.filter(({ fault }) => fault.alone === true)
  for (const next of alone.filter(({ fault }) => fault.kills !== true)) await attack(next)
  const miscounted = await compareCounters(harness, agents, fromBlock, print)
  for (const next of alone.filter(({ fault }) => fault.kills === true)) await attack(next)

  const siteUrl = (slug: string) => `${info.sites.replace("//", `//local-${slug}.`)}/`
  const assessNow = () => assess(harness, cases, fromBlock, siteUrl)
  // A transaction is valid for 25 s, so no charge can follow after 30 s.
  await sleep(30_000)
  // Without a hold it never settles.
  const settling = withoutHold ? 0 : 120_000
  for (const end = Date.now() + settling; Date.now() < end && !settled(await assessNow());) await sleep(2000)
  const rows = await assessNow()
  console.log(`\n${table(rows)}\n`)
  const secrets = [harness.settings.MPP_SECRET_KEY, harness.settings.CONTROL_PLANE_TOKEN]
  const wrong = [
    ...miscounted,
    ...objections(rows, wanted.length === 0 ? 200 : 0),
    ...leaks(join(harness.stack.dir, "logs"), agents, secrets),
    ...(await canaries.check(harness.stack.dir, agents, gardener))
  ]
  for (const line of wrong) console.log(line)
  const gone = rows.reduce((sum, { chargedAndGone }) => sum + chargedAndGone, 0)
  const good = withoutHold ? gone > 0 : wrong.length === 0
  if (withoutHold) print(`without the hold ${gone} were charged and gone: ${good ? "the rows are" : "NOT"} red`)
  else print(good ? "every promise was kept" : `${wrong.length} objections`)
  process.exitCode = good ? 0 : 1
} finally {
  await stop()
}
process.exit()
