import type { TestProject } from "vitest/node"
import type { Stack } from "../../src/local/stack.ts"
import { startTestStack } from "../e2e/support.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The stack under attack: its directory, and the contents of its `stack.json`. */
    readonly stack: Pick<Stack, "dir" | "info">
  }
}

/** Starts the one stack that every attack runs against, and ends it after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startTestStack()
  project.provide("stack", { dir: stack.dir, info: stack.info })
  return stack.stop
}
