import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { startTestStack } from "../e2e/support.ts"
import { buy, countOf, fundWallets, inParallel, report, sampleHealth } from "./support.ts"

const DEPLOYS = countOf("SCALE_ENDS", 200)
/** One buyer may have four purchases in progress. */
const AT_ONCE = 16
const WALLETS = 4
/** They live this long, in seconds. It must be longer than it takes to buy them, so that none ends meanwhile. */
const TTL_SECONDS = countOf("SCALE_TTL_SECONDS", 420)

let stack: Stack
beforeAll(async () => {
  stack = await startTestStack({ TTL_HOURS: String(TTL_SECONDS / 3600) })
})
afterAll(() => stack?.stop())

it(`ends ${DEPLOYS} deployments within a minute, all gone within two, while /health answers within 100 ms`, async () => {
  const wallets = await fundWallets(stack, WALLETS, DEPLOYS)
  const since = Date.now()
  const bought = await inParallel(
    AT_ONCE,
    Array.from({ length: DEPLOYS }, (_, n) => () => buy(stack, wallets[n % WALLETS]!))
  )
  const boughtIn = Date.now() - since
  const ends = bought.map(({ expires_at }) => Date.parse(expires_at))
  const [first, last] = [Math.min(...ends), Math.max(...ends)]
  assert.isAbove(first, Date.now(), "the first one ended while the others were bought")

  const headers = { authorization: `Bearer ${stack.info.controlPlaneToken}` }
  const names = async () => {
    const answer = await fetch(`${stack.info.controlPlane}/v1/projects`, { headers })
    return new Set(((await answer.json()) as { projects: Array<{ name: string }> }).projects.map(({ name }) => name))
  }
  // The machine's own noise, before the first one ends.
  const endQuiet = sampleHealth(stack.info.gateway)
  await sleep(first - Date.now() - 2_000)
  const quiet = await endQuiet()
  const end = sampleHealth(stack.info.gateway)
  const gone = new Map<string, number>()
  while (gone.size < DEPLOYS && Date.now() < last + 120_000) {
    const left = await names()
    const now = Date.now()
    for (const { deployment_id: id } of bought) if (!gone.has(id) && !left.has(`mpp-compute ${id}`)) gone.set(id, now)
    await sleep(500)
  }
  const health = await end()
  const lags = bought
    .map(({ deployment_id, expires_at }) => (gone.get(deployment_id) ?? Infinity) - Date.parse(expires_at))
    .toSorted((a, b) => a - b)
  report("ends", {
    deployments: DEPLOYS,
    boughtInSeconds: Math.round(boughtIn / 1000),
    endedWithinSeconds: Math.round((last - first) / 1000),
    lagMs: { median: lags[Math.floor(lags.length / 2)], worst: lags.at(-1) },
    quiet,
    health
  })
  assert.strictEqual(gone.size, DEPLOYS)
  assert.isAtMost(Math.max(...gone.values()) - first, 120_000)
  assert.strictEqual(health.failed, 0)
  assert.isAtMost(health.worst, 100)
})
