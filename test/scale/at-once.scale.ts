import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { configWith } from "../bench/gateway/deploys.ts"
import { startTestStack } from "../e2e/support.ts"
import { cpuOf, cpuSince } from "./processes.ts"
import { buy, countOf, fundWallets, report } from "./support.ts"

const DEPLOYS = countOf("SCALE_AT_ONCE", 50)

/** The stages of a deploy, by the names of their spans. */
const STAGES = {
  verify: "PaymentService.verify",
  object: "OrderWorkflow.submit",
  authorize: "PaymentService.authorize",
  bundle: "Bundler.bundle",
  "start check": "CodeRunner.check",
  capture: "PaymentService.capture",
  create: "ControlPlaneClient.create",
  upload: "ControlPlaneClient.upload"
}

const folder = mkdtempSync(join(tmpdir(), "mpp-compute-scale-"))
let stack: Stack
beforeAll(async () => {
  const configPath = configWith("test/bench/gateway/traced.ts", join(folder, "wrangler.json"))
  stack = await startTestStack({}, { configPath })
})
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const median = (values: ReadonlyArray<number>) => {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN)
}

/** Lets everybody buy one deploy in the same moment, and returns how it went. */
const buyAll = async (wallets: Awaited<ReturnType<typeof fundWallets>>) => {
  const laps = async () =>
    (await (await fetch(`${stack.info.gateway}/laps`)).json()) as ReadonlyArray<{
      readonly name: string
      readonly start: number
      readonly end: number
    }>
  await laps()
  const before = cpuOf(stack)
  const since = performance.now()
  const bought = await Promise.all(wallets.map((wallet) => buy(stack, wallet)))
  const seconds = (performance.now() - since) / 1000
  const cpuSeconds = cpuSince(before, stack)
  const all = await laps()
  const stages = Object.entries(STAGES).map(([stage, name]) => {
    const times = all.filter((lap) => lap.name === name).map(({ start, end }) => end - start)
    return [stage, { times: times.length, medianMs: median(times) }] as const
  })
  return { bought, seconds, cpuSeconds, stages: Object.fromEntries(stages) }
}

it(`makes ${DEPLOYS} deploys live that are bought at once, one by each of as many payers`, async () => {
  const wallets = await fundWallets(stack, DEPLOYS, 10)
  // V8 compiles the compiler while it runs.
  for (const wallet of wallets.slice(0, 10)) await buy(stack, wallet)
  const { bought, seconds, cpuSeconds, stages } = await buyAll(wallets)
  const statuses = await Promise.all(
    bought.map(async ({ deployment_id }) => {
      const answer = await fetch(`${stack.info.gateway}/deployments/${deployment_id}`)
      return ((await answer.json()) as { status: string }).status
    })
  )
  report("at once", {
    deploys: DEPLOYS,
    seconds: Math.round(seconds * 10) / 10,
    perSecond: Math.round((DEPLOYS / seconds) * 10) / 10,
    medianMs: median(bought.map(({ ms }) => ms)),
    refusals: bought.reduce((sum, { refusals }) => sum + refusals, 0),
    cpuSeconds,
    stages
  })
  assert.deepStrictEqual(
    statuses,
    Array.from({ length: DEPLOYS }, () => "live")
  )
  assert.strictEqual(new Set(bought.map(({ deployment_id }) => deployment_id)).size, DEPLOYS)
})
