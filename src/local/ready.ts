import { readFileSync } from "node:fs"
import { stripVTControlCharacters } from "node:util"
import { poll } from "./system/poll.ts"
import type { Child } from "./system/process.ts"

/**
 * Waits until `ask` answers true, which means that the child is ready.
 *
 * @throws Error with the end of its log if the child ends, does not build, or is not ready after `timeoutMs`.
 */
export const waitUntilReady = async (
  child: Child,
  ask: () => Promise<boolean>,
  signal: AbortSignal,
  timeoutMs = 60_000
): Promise<void> => {
  let trouble = `The ${child.name} does not answer after ${timeoutMs / 1000} s.`
  let gaveUp = false
  const doesNotBuild = `The ${child.name} does not build or start.`
  const failed = (): boolean => printedLines(child).some((line) => line.includes(ERROR_MARK))
  void child.crashed.then((how) => {
    trouble = failed() ? doesNotBuild : how
    gaveUp = true
  })
  const served = await poll(
    async () => {
      if (gaveUp || signal.aborted || (await ask().catch(() => false))) return true
      if (!failed()) return false
      trouble = doesNotBuild
      gaveUp = true
      return true
    },
    timeoutMs,
    100
  )
  signal.throwIfAborted()
  if (gaveUp || !served) throw new Error(withLogTail(trouble, child))
}

/** Returns the sentence and the end of the child's log. */
export const withLogTail = (sentence: string, child: Child): string =>
  `${sentence} Its log is ${child.log}:\n${logTail(child)}`

/** Returns a child's output from its first error on, or its last lines, without the variables that wrangler lists. */
const logTail = (child: Child, lines = 15): string => {
  const printed = printedLines(child).filter((line) => !line.startsWith("env."))
  const error = printed.findIndex((line) => line.includes(ERROR_MARK))
  return (error < 0 ? printed.slice(-lines) : printed.slice(error, error + lines)).join("\n")
}

const printedLines = ({ log, logStart }: Child): ReadonlyArray<string> =>
  stripVTControlCharacters(readFileSync(log).subarray(logStart).toString()).trimEnd().split("\n")

/** Wrangler's mark of an error. */
const ERROR_MARK = "[ERROR]"
