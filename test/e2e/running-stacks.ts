/** The directories of the stacks that run now. stack-logs.ts prints their logs after a test that fails. */
export const runningStacks = new Set<string>()
