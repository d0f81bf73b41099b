import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { HOSTILE_ARCHIVES } from "../../support/npm/hostile-archives.ts"
import { hostileAnswers } from "../../support/npm/hostile-answers.ts"
import { startRegistry } from "../../support/npm/lying-registry.ts"
import { report } from "../../support/report.ts"
import { startBuilt } from "../built.ts"

/** How the Worker's build ended. */
interface Outcome {
  readonly failure: string
  readonly version?: string
  readonly files?: number
  readonly requests?: number
}

let archives: Awaited<ReturnType<typeof startRegistry>>
let answers: Awaited<ReturnType<typeof startRegistry>>
let worker: Awaited<ReturnType<typeof startBuilt>>
beforeAll(async () => {
  archives = await startRegistry(HOSTILE_ARCHIVES)
  answers = await startRegistry(hostileAnswers())
  const options = { outboundService: undefined } as object
  worker = await startBuilt("test/stress/registry/wrangler.jsonc", () => new Response(null, { status: 404 }), options)
})
afterAll(async () => {
  await worker.stop()
  await Promise.all([archives.stop(), answers.stop()])
})

type Registry = Awaited<ReturnType<typeof startRegistry>>

const install = async (at: Registry, name: string, more: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
  const query = new URLSearchParams({ registry: at.base, name, ms: "1000", ...more })
  const response = await fetch(`${worker.url.href}?${query}`)
  return (await response.json()) as Outcome
}

/** The largest of these hold 24 MiB of files, or read 32 MiB. */
const MAX_MB = 90
const MAX_MS = 1600

/** Installs a package that the registry lies about, and then one that it does not. */
const costsLittle = async (at: Registry, name: string): Promise<void> => {
  await install(at, "good")
  const before = worker.memory()
  const started = Date.now()
  let outcome: Outcome | undefined
  const range = name.includes("list") ? "^1" : ""
  const peak = await worker.peakDuring(async () => (outcome = await install(at, name, { range })))
  const ms = Date.now() - started
  report(`${name}: ${ms} ms, ${(peak - before).toFixed(0)} MB more: ${outcome?.failure}`)
  assert.notMatch(outcome?.failure ?? "defect", /^defect/)
  assert.isBelow(ms, MAX_MS)
  assert.isBelow(peak - before, MAX_MB)
  assert.deepInclude(
    await install(at, "good"),
    { failure: "none", version: "1.0.0", files: 2 },
    "the next build is fine"
  )
  assert.strictEqual(at.open, 0, "no answer is left open")
}

describe("a registry that lies, in workerd", () => {
  for (const name of Object.keys(HOSTILE_ARCHIVES))
    it(`costs little with an archive that is ${name}`, () => costsLittle(archives, name))

  for (const name of Object.keys(hostileAnswers()))
    it(`costs little with an answer that is ${name}`, () => costsLittle(answers, name))

  it("does not fill the memory with six large packages at a time", async () => {
    const before = worker.memory()
    const outcomes: Array<Outcome> = []
    const peak = await worker.peakDuring(async () =>
      outcomes.push(await install(archives, "full", { times: "6", ms: "10000" }))
    )
    report(`six large packages at a time: ${(peak - before).toFixed(0)} MB more`)
    assert.deepStrictEqual(
      outcomes.map(({ failure }) => failure),
      ["none"]
    )
    assert.isBelow(peak - before, 110)
  })

  it("is asked once for a package that the platform's cache keeps", async () => {
    const first = await install(archives, "good", { cache: "yes" })
    archives.asked.length = 0
    const second = await install(archives, "good", { cache: "yes" })
    assert.deepStrictEqual([first.failure, second.failure], ["none", "none"])
    assert.deepStrictEqual(archives.asked, [])
  })
})
