import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { withoutComments } from "../../../src/bundler/project/jsonc.ts"
import { openTestChain } from "../../fault-injection/test-chain.ts"
import { startTestStack, type TestStack, walletOn } from "../support.ts"
import { costTable } from "./costs.ts"
import type { Counted } from "./Counter.ts"
import { limitTable } from "./limits.ts"
import { measureOperations } from "./measure.ts"
import { countOperations, FIRST } from "./operations.ts"
import { type Column, COLUMNS, countsOf, differences, readTable, type Table, writeTable } from "./table.ts"

/**
 * `SCALE=write` writes the tables of docs/scale.md anew. `SCALE=measure` also measures CPU, time and sizes, which nothing
 * compares.
 */
const mode = process.env["SCALE"] ?? "compare"
const doc = "docs/scale.md"

/** The project's configuration, with the Worker that counts. */
const countingConfig = (path: string): string => {
  const { alias, build, ...config } = JSON.parse(withoutComments(readFileSync("wrangler.jsonc", "utf8"))) as {
    readonly alias: Readonly<Record<string, string>>
    readonly build: object
  }
  const main = resolve("test/e2e/scale/worker/worker.ts")
  const absolute = Object.fromEntries(Object.entries(alias).map(([from, to]) => [from, resolve(to)]))
  writeFileSync(path, JSON.stringify({ ...config, main, alias: absolute, build: { ...build, cwd: resolve(".") } }))
  return path
}

let dir: string
let stack: TestStack
let counted: ReadonlyMap<string, Counted>
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "scale-"))
  stack = await startTestStack({}, { configPath: countingConfig(join(dir, "wrangler.json")) })
  const keys = [generatePrivateKey(), generatePrivateKey()] as const
  await openTestChain(stack.info).fund(keys.map((key) => privateKeyToAccount(key).address))
  counted = await countOperations(stack, [walletOn(stack, keys[0]), walletOn(stack, keys[1])])
  if (mode !== "measure") return
  const text = readFileSync(doc, "utf8")
  writeFileSync(doc, writeTable(text, "measured", await measureOperations(stack)))
}, 300_000)
afterAll(async () => {
  await stack?.stop()
  rmSync(dir, { recursive: true, force: true })
})

describe("docs/scale.md", () => {
  it("says what each operation costs, as counted", () => {
    const strays = [...counted.values()].flatMap(({ strays }) => strays)
    assert.deepStrictEqual(strays, [], "calls of no invocation")
    const rows = [...counted].map(([name, one]) => {
      const counts = countsOf(one)
      const isSure = (column: Column) => name !== FIRST || !column.startsWith("rows")
      return [name, COLUMNS.map((column) => (isSure(column) ? String(counts[column]) : ""))] as const
    })
    compare("counted", { columns: COLUMNS, rows: new Map(rows) })
  })

  it("computes from these what a million a day cost, and how many a day are allowed", () => {
    const text = readFileSync(doc, "utf8")
    const [counted, measured] = [readTable(text, "counted"), readTable(text, "measured")]
    compare("costs", costTable(counted, measured))
    compare("limits", limitTable(counted, measured))
  })
})

/** Compares a table with the one that is written, or writes it. */
const compare = (name: string, table: Table) => {
  const text = readFileSync(doc, "utf8")
  if (mode !== "compare") return writeFileSync(doc, writeTable(text, name, table))
  const wrong = differences(name, readTable(text, name), table)
  assert.isEmpty(
    wrong,
    `${wrong.join("\n")}\nSCALE=write npx vitest run --project e2e test/e2e/scale writes it anew.\n`
  )
}
