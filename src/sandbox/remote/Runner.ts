import { WorkerEntrypoint } from "cloudflare:workers"
import { type RunnerBinding, runnerOn } from "./binding.ts"
import type { Loadable, Loader } from "../worker/loader.ts"
import type { Broken, Ran } from "../worker/run.ts"
import type { Purpose, Verdict } from "../worker/start.ts"

/** The runner as the entrypoint of a Worker of its own, whose freezing is nobody else's. */
export class Runner extends WorkerEntrypoint<{ readonly LOADER: Loader }> implements RunnerBinding {
  async ping(): Promise<void> {}

  check(code: Loadable, purpose: Purpose): Promise<Verdict | Broken> {
    return runnerOn(this.env.LOADER).check(code, purpose)
  }

  run(code: Loadable, input: string | null): Promise<Ran | Broken> {
    return runnerOn(this.env.LOADER).run(code, input)
  }
}
