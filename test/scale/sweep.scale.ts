import { createHmac, randomBytes } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { startTestStack } from "../e2e/support.ts"
import { kindOf, makeRow } from "../support/many-projects.ts"
import { COLLECTABLE, freePort, measureMemory } from "../npm/isolate-memory.ts"
import { gatewayProcess } from "./processes.ts"
import { countOf, report, sampleHealth } from "./support.ts"

const PROJECTS = countOf("SCALE_PROJECTS", 100_000)
const FEW = 1_000
const ORPHANS = countOf("SCALE_ORPHANS", 200)
/** A sweep deletes at most 150 projects, and fewer in a minute if the control plane writes its whole file for each. */
const MAX_SWEEPS = Math.ceil(ORPHANS / 150) + 20
/** So many sweeps that find nothing come after that. */
const MORE_SWEEPS = countOf("SCALE_MORE_SWEEPS", 30)
/**
 * MB of V8's heap, beyond which V8 ends the process. Without it V8 lets garbage lie on a machine with room; the platform gives an isolate
 * 128 MB. The rows of a whole list would not fit.
 */
const MAX_HEAP = 32

const cronSecret = randomBytes(32).toString("hex")
let stack: Stack
let inspectorPort: number
beforeAll(async () => {
  inspectorPort = await freePort()
  const v8 = { flags: `${COLLECTABLE} --max-heap-size=${MAX_HEAP}`, inspectorPort }
  stack = await startTestStack({}, { startCheck: false, cronSecret, v8 })
})
afterAll(() => stack?.stop())

let calls = 0
const sweep = async () => {
  const at = Date.now() + ++calls
  const signature = createHmac("sha256", cronSecret).update(`${at}.POST./__scheduled.0 * * * *`).digest("hex")
  const headers = { "x-jack-timestamp": String(at), "x-jack-signature": signature, "x-jack-cron": "0 * * * *" }
  const since = performance.now()
  const response = await fetch(`${stack.info.gateway}/__scheduled`, { method: "POST", headers })
  const swept = (await response.json()) as {
    readonly removed: number
    readonly claimed: number
    readonly failed: number
  }
  assert.strictEqual(response.status, 200, JSON.stringify(swept))
  return { ...swept, seconds: Math.round((performance.now() - since) / 100) / 10 }
}

interface Rows {
  readonly projects: ReadonlyArray<{ readonly id: string }>
}
const file = () => join(stack.dir, "control-plane", "rows.json")
const projectIds = () => new Set((JSON.parse(readFileSync(file(), "utf8")) as Rows).projects.map(({ id }) => id))

/** Puts projects into the store of the control plane, which starts again with them. Returns the ids of the orphans. */
const seed = async (total: number, orphans: number, from: number): Promise<ReadonlySet<string>> => {
  await stack.controlPlane!.stop()
  const rows = JSON.parse(readFileSync(file(), "utf8")) as Rows
  const now = Date.now()
  const made = Array.from({ length: total }, (_, n) => {
    const kind = orphans === 0 ? "live" : kindOf(n, total, orphans)
    const { created_at, ...row } = makeRow(from + n, kind, now)
    const time = created_at.slice(0, 19).replace("T", " ")
    const project = {
      ...row,
      org_id: "org_local",
      owner_username: "local",
      do_migration_tag: null,
      created_at: time,
      updated_at: time
    }
    return { kind, project }
  })
  writeFileSync(file(), JSON.stringify({ ...rows, projects: made.map(({ project }) => project) }))
  await stack.controlPlane!.start()
  // The gateway may have closed idle connections meanwhile.
  await sleep(500)
  return new Set(made.filter(({ kind }) => kind === "orphan").map(({ project }) => project.id))
}

it(`finds exactly ${ORPHANS} orphans among ${PROJECTS} projects, in the memory that ${FEW} take`, async () => {
  // The store writes its file with the first change.
  const { controlPlane, controlPlaneToken } = stack.info
  await fetch(`${controlPlane}/v1/projects`, {
    method: "POST",
    body: JSON.stringify({ name: "first" }),
    headers: { authorization: `Bearer ${controlPlaneToken}`, "content-type": "application/json" }
  })
  await seed(FEW, 0, 0)
  for (let warm = 0; warm < 5; warm++) await sweep()
  const gateway = gatewayProcess(stack)
  const measure = () => measureMemory(gateway.pid, inspectorPort)
  const few = await measure()

  const orphans = await seed(PROJECTS, ORPHANS, FEW)
  assert.strictEqual(orphans.size, ORPHANS)
  const before = projectIds()
  const end = sampleHealth(stack.info.gateway)
  const runs: Array<Awaited<ReturnType<typeof sweep>> & { readonly most: number; readonly resident: number }> = []
  const run = async () => {
    gateway.resetMost()
    runs.push({ ...(await sweep()), most: gateway.most(), resident: gateway.resident() })
  }
  // Two that find nothing are the end.
  while (runs.length < MAX_SWEEPS && !(runs.length > 1 && runs.slice(-2).every(({ removed }) => removed === 0)))
    await run()
  const health = await end()
  const after = projectIds()
  const once = await measure()
  for (let more = 0; more < MORE_SWEEPS; more++) await run()
  const many = await measure()
  report("sweep", { projects: PROJECTS, orphans: ORPHANS, runs, few, once, many, health })

  assert.deepStrictEqual(new Set([...before].filter((id) => !after.has(id))), orphans)
  assert.strictEqual(after.size, PROJECTS - ORPHANS)
  // A delete that took the control plane longer than the sweep waits counts as failed, and is done.
  assert.isAtLeast(
    runs.reduce((sum, { removed, failed }) => sum + removed + failed, 0),
    ORPHANS
  )
  assert.deepInclude(runs.at(-1), { removed: 0, claimed: 0, failed: 0 })
  // Nothing of the list stays in the isolates, and nothing more with each sweep, in MB after a collection.
  assert.isBelow(once.isolate - few.isolate, 2)
  assert.isBelow(many.isolate - once.isolate, 0.5)
  // The process with its garbage, in MiB: what a sweep of so many takes beyond one of few, and that the last ones take no more than the first.
  const most = (some: typeof runs) => Math.max(...some.map(({ most }) => most))
  assert.isBelow(most(runs) - (few.process * 1e6) / 2 ** 20, 60)
  assert.isBelow(most(runs.slice(-10)) - most(runs.slice(0, 4)), 8)
})
