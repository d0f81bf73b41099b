import { WorkerEntrypoint } from "cloudflare:workers"
import { type RunnerBinding, runnerOn } from "./binding.ts"
import type { WorkerCode, WorkerLoader } from "../worker/loader.ts"
import type { RuntimeFailure, RunResult } from "../worker/run.ts"
import type { Purpose, StartResult } from "../worker/start.ts"

/** The runner as the entrypoint of a Worker of its own: code that freezes or crashes it affects no other Worker. */
export class Runner extends WorkerEntrypoint<{ readonly LOADER: WorkerLoader }> implements RunnerBinding {
  async ping(): Promise<void> {}

  check(code: WorkerCode, purpose: Purpose): Promise<StartResult | RuntimeFailure> {
    return runnerOn(this.env.LOADER).check(code, purpose)
  }

  run(code: WorkerCode, input: string | null): Promise<RunResult | RuntimeFailure> {
    return runnerOn(this.env.LOADER).run(code, input)
  }
}
