import type { WorkerCode, WorkerLoader } from "../worker/loader.ts"
import { run, type RunResult, type RuntimeFailure } from "../worker/run.ts"
import { check, type Purpose, type StartResult } from "../worker/start.ts"

/** A runner loads code: a service binding to `Runner` over RPC, or a Worker with a loader of its own. */
export interface RunnerBinding {
  /** Answers when the runner is up. */
  readonly ping: () => Promise<void>
  /** Whether code starts and can serve its purpose; each call starts it afresh. */
  readonly check: (code: WorkerCode, purpose: Purpose) => Promise<StartResult | RuntimeFailure>
  /** Calls code once. */
  readonly run: (code: WorkerCode, input: string | null) => Promise<RunResult | RuntimeFailure>
}

/** Makes the runner on a loader. */
export const runnerOn = (loader: WorkerLoader): RunnerBinding => ({
  ping: async () => {},
  check: (code, purpose) => check(loader, code, purpose),
  run: (code, input) => run(loader, code, input)
})
