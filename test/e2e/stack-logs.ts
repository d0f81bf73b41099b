// A set-up file of the tests that run on a stack. Each process of a stack writes its log to a file of its own; after a test that
// fails, the lines that were written during it are printed.
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, inject } from "vitest"
import { runningStacks } from "./running-stacks.ts"

/** The most bytes of each log that are printed. */
const MAX_BYTES = 50_000

/** The chain makes blocks all the time, with five lines each. */
const CHAIN_BLOCKS = /^(?: +Block (?:Number|Hash|Time): .*)?\n/gm

let starts = new Map<string, number>()

beforeEach(() => {
  starts = new Map(logFiles().map((file) => [file, statSync(file).size]))
})

afterEach(({ task }) => {
  if (task.result?.state !== "fail") return
  for (const file of logFiles()) {
    const written = readFileSync(file)
      .subarray(starts.get(file) ?? 0)
      .subarray(-MAX_BYTES)
      .toString()
      .replace(CHAIN_BLOCKS, "")
    if (written !== "") console.log(`${file}:\n${written}`)
  }
})

/** The logs of the stacks that this test file has started, and of the one that all files share. */
const logFiles = (): ReadonlyArray<string> => {
  const shared = inject("stack")?.dir
  const dirs = [...runningStacks, ...(shared === undefined ? [] : [shared])].map((dir) => join(dir, "logs"))
  return dirs.flatMap((dir) => readdirSync(dir).map((name) => join(dir, name)))
}
