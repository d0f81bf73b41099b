import type { Loadable, Loader } from "../worker/loader.ts"
import { type Broken, type Ran, run } from "../worker/run.ts"
import { type Purpose, tryOut, type Verdict } from "../worker/start.ts"

/** A runner loads code: a service binding to `Runner` over RPC, or a Worker with a loader of its own. */
export interface RunnerBinding {
  /** Answers when the runner is there. */
  readonly ping: () => Promise<void>
  /** Whether code starts and can do what it is for; each call starts it afresh. */
  readonly check: (code: Loadable, purpose: Purpose) => Promise<Verdict | Broken>
  /** Calls code once. */
  readonly run: (code: Loadable, input: string | null) => Promise<Ran | Broken>
}

/** The runner on a loader. */
export const runnerOn = (loader: Loader): RunnerBinding => ({
  ping: async () => {},
  check: (code, purpose) => tryOut(loader, code, purpose),
  run: (code, input) => run(loader, code, input)
})
