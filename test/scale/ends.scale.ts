import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, it } from "vitest"
import { timestamp } from "../../src/domain/Order.ts"
import type { Stack } from "../../src/local/stack.ts"
import { endsAt } from "../../src/orders/purchase/transitions.ts"
import { configWith } from "../bench/gateway/deploys.ts"
import { startTestStack } from "../e2e/support.ts"
import { cpuOf, cpuSince } from "./processes.ts"
import { type Bought, buy, countOf, fundWallets, inParallel, report, sampleHealth } from "./support.ts"

const DEPLOYS = countOf("SCALE_ENDS", 200)
/** They end within this time. To buy them takes longer, so the test chooses when each ends. */
const WITHIN_MS = countOf("SCALE_ENDS_SECONDS", 60) * 1000
/** One buyer may have four purchases in progress. */
const AT_ONCE = 16
const WALLETS = 4
/** The first one ends this much later, so that every order's object has left memory, as after a day. */
const PAUSE_MS = 25_000

const folder = mkdtempSync(join(tmpdir(), "mpp-compute-scale-"))
let stack: Stack
beforeAll(async () => {
  stack = await startTestStack({}, { configPath: configWith("test/scale/worker.ts", join(folder, "wrangler.json")) })
})
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Chooses when the deployments end, and returns that as their statuses say it, in unix milliseconds. */
const chooseEnds = async (bought: ReadonlyArray<Bought>): Promise<ReadonlyArray<number>> => {
  const first = Math.ceil((Date.now() + PAUSE_MS) / 1000) * 1000
  const ends = bought.map(({ deployment_id: id }, n) => ({
    id,
    at: first + Math.floor((n / bought.length) * (WITHIN_MS / 1000)) * 1000
  }))
  const moved = await fetch(`${stack.info.gateway}/ends`, { method: "PUT", body: JSON.stringify(ends) })
  assert.strictEqual(moved.status, 204, await moved.text())
  const statuses = ends.map(({ id }) => async () => {
    const answer = await fetch(`${stack.info.gateway}/deployments/${id}`)
    const { status, expires_at } = (await answer.json()) as { readonly status: string; readonly expires_at: string }
    assert.strictEqual(status, "live")
    return Date.parse(expires_at)
  })
  return inParallel(AT_ONCE, statuses)
}

/** The ids of the deployments that have a project at the host. */
const present = async (): Promise<ReadonlySet<string>> => {
  const headers = { authorization: `Bearer ${stack.info.controlPlaneToken}` }
  const answer = await fetch(`${stack.info.controlPlane}/v1/projects`, { headers })
  const { projects } = (await answer.json()) as { projects: ReadonlyArray<{ readonly name: string }> }
  return new Set(projects.map(({ name }) => name.slice("mpp-compute ".length)))
}

it(`ends ${DEPLOYS} deployments within a minute, all gone within two, while /health answers within 100 ms`, async () => {
  const wallets = await fundWallets(stack, WALLETS, DEPLOYS)
  const since = Date.now()
  const bought = await inParallel(
    AT_ONCE,
    Array.from({ length: DEPLOYS }, (_, n) => () => buy(stack, wallets[n % WALLETS]!))
  )
  const boughtIn = Date.now() - since
  const ends = await chooseEnds(bought)
  const [first, last] = [Math.min(...ends), Math.max(...ends)]
  assert.isBelow(last - first, WITHIN_MS)
  assert.strictEqual((await present()).size, DEPLOYS)

  // The machine's own noise, before the first one ends.
  const endQuiet = sampleHealth(stack.info.gateway)
  await sleep(first - Date.now() - 1_000)
  const quiet = await endQuiet()
  const end = sampleHealth(stack.info.gateway)
  const before = cpuOf(stack)
  const gone = new Map<string, number>()
  while (gone.size < DEPLOYS && Date.now() < last + 120_000) {
    const left = await present()
    const now = Date.now()
    for (const { deployment_id: id } of bought) if (!gone.has(id) && !left.has(id)) gone.set(id, now)
    await sleep(500)
  }
  const health = await end()
  const lags = bought.map(({ deployment_id: id }, n) => (gone.get(id) ?? Infinity) - ends[n]!).toSorted((a, b) => a - b)
  // A slow answer beside many ends tells another reason than one beside none.
  const slowest = health.slowest.map(([at, ms]) => {
    const near = bought.filter(({ deployment_id: id }, n) => {
      const due = endsAt({ id, answer: { expires_at: timestamp(ends[n]!) } })
      return due > at - 200 && due < at + ms
    })
    return { ms: Math.round(ms), afterMs: at - first, ends: near.length }
  })
  report("ends", {
    deployments: DEPLOYS,
    boughtInSeconds: Math.round(boughtIn / 1000),
    endWithinSeconds: Math.round((last - first) / 1000),
    goneWithinSeconds: Math.round((Math.max(...gone.values()) - first) / 1000),
    lagMs: { first: lags[0], median: lags[Math.floor(lags.length / 2)], worst: lags.at(-1) },
    cpuSeconds: cpuSince(before, stack),
    quiet,
    health: { ...health, slowest }
  })
  assert.strictEqual(gone.size, DEPLOYS)
  // None ended too early.
  assert.isAtLeast(lags[0]!, 0)
  assert.isAtMost(Math.max(...gone.values()) - first, 120_000)
  assert.strictEqual(health.failed, 0)
  assert.isAtMost(health.worst, 100)
})
